// The end of a budget, by request or because its time is over.
import type { Transaction } from '../../store/store.ts';
import { actions, type BudgetRecord, budgets, histories, notifications } from './records.ts';

/** With everything that belongs to it. What its actions have attached stays attached. */
export async function removeBudget(transaction: Transaction, record: BudgetRecord): Promise<void> {
  const { account, name } = record;
  budgets.remove(transaction, record);
  for (const notification of await notifications.all(transaction, account, name)) notifications.remove(transaction, notification);
  for (const action of await actions.all(transaction, account, name)) actions.remove(transaction, action);
  for (const entry of await histories.all(transaction, account, name)) histories.remove(transaction, entry);
}
