// Budgets by their names.
import type { Scope } from '../../kit/context.ts';
import { type BudgetRecord, budgets } from './records.ts';
import { fault } from './service.ts';

/** @throws Fault NotFoundException */
export async function requireBudget({ transaction, account }: Scope, name: string): Promise<BudgetRecord> {
  const record = await budgets.get(transaction, account, name);
  if (record === undefined) throw fault('NotFoundException', `Unable to get budget: ${name} - the budget doesn't exist.`);
  return record;
}
