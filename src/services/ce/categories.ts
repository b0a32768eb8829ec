// Cost categories at work: the rules of a payer's categories, asked of each line when it is looked at. Nothing is written into the usage, so a changed
// rule counts at once, from the category's effective start on.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/manage-cost-categories.html
import { type Collection, collection } from '../../kit/collection.ts';
import type { Transaction } from '../../store/store.ts';
import type { CostCategoryRule, CostCategorySplitChargeRule } from './api.gen.ts';
import type { Facts } from './dimensions.ts';
import { compileExpression } from './expression.ts';

export interface CategoryRecord {
  /** Management account, or an account of its own. */
  readonly account: string;
  readonly name: string;
  readonly arn: string;
  readonly rules: readonly CostCategoryRule[];
  readonly defaultValue?: string | undefined;
  readonly splitChargeRules?: readonly CostCategorySplitChargeRule[] | undefined;
  /** The first day of a month. */
  readonly startMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export const categories: Collection<CategoryRecord> = collection('ce.cost-category', ({ account, name }) => [account, name]);

/** A category may be defined by others; more than this many steps are a circle. */
const depthMax = 10;

export type CategoryOf = (facts: Omit<Facts, 'category'>, name: string) => string | undefined;

/** How lines of a payer fall into its categories. */
export async function categoriesOf(transaction: Transaction, payer: string): Promise<CategoryOf> {
  const records = await categories.all(transaction, payer);
  const compiled = new Map(
    records.map((record) => [
      record.name,
      { record, rules: record.rules.map((rule) => ({ rule, matches: rule.Rule && compileExpression(rule.Rule, 'rule') })) },
    ]),
  );
  const categoryOf = (facts: Omit<Facts, 'category'>, name: string, depth: number): string | undefined => {
    const category = compiled.get(name);
    if (category === undefined || depth > depthMax || Date.parse(facts.line.day) < category.record.startMs) return undefined;
    const whole: Facts = { ...facts, category: (other) => categoryOf(facts, other, depth + 1) };
    for (const { rule, matches } of category.rules) {
      if (rule.Type === 'INHERITED_VALUE') {
        const inherited = inheritedValue(rule, facts);
        if (inherited !== undefined) return inherited;
      } else if (matches?.(whole)) return rule.Value;
    }
    return category.record.defaultValue;
  };
  return (facts, name) => categoryOf(facts, name, 0);
}

function inheritedValue({ InheritedValue }: CostCategoryRule, { line, accountName }: Omit<Facts, 'category'>): string | undefined {
  const { DimensionName, DimensionKey = '' } = InheritedValue ?? {};
  if (DimensionName === 'LINKED_ACCOUNT_NAME') return accountName;
  const value = Object.hasOwn(line.tags, DimensionKey) ? line.tags[DimensionKey] : undefined;
  return value === '' ? undefined : value;
}
