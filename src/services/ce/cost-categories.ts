// The definitions of cost categories. What they do is in categories.ts.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/manage-cost-categories.html
import { isoSeconds } from '../../base/clock.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { pageOf } from '../../kit/paging.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { CostCategory, CostCategoryRule, CostCategorySplitChargeRule } from './api.gen.ts';
import { type CategoryRecord, categories } from './categories.ts';
import { compileExpression } from './expression.ts';
import { dayOf, monthStart } from './periods.ts';
import { fault, invalid, operation } from './service.ts';
import { checkedTags, tagsOf } from './tags.ts';

/** AWS: categories of an account. */
const categoriesMax = 50;
/** AWS: how far back a category may begin. */
const backMonths = 12;

type CategoryAction = Extract<Access['action'], `ce:${string}CostCategoryDefinition`>;

async function categoryAccess(scope: Scope, action: CategoryAction, arn: string): Promise<Access> {
  const record = await findCategory(scope, arn);
  const account = arn.split(':')[4];
  return {
    action,
    resource: resourceNamed<'ce:costcategory'>(arn),
    ...(account === undefined || account === '' ? {} : { resourceAccount: account }),
    resourceTags: record?.tags ?? {},
  };
}

export async function findCategory({ transaction, account }: Scope, arn: string): Promise<CategoryRecord | undefined> {
  return (await categories.all(transaction, account)).find((record) => record.arn === arn);
}

/** @throws Fault ResourceNotFoundException */
async function requireCategory(scope: Scope, arn: string): Promise<CategoryRecord> {
  const record = await findCategory(scope, arn);
  if (record === undefined) throw fault('ResourceNotFoundException', `No Cost Categories found with ID ${arn}`);
  return record;
}

async function requirePayer({ organizations, transaction, account }: Scope): Promise<void> {
  const standing = await organizations.standingOf(transaction, account, 'billing.amazonaws.com');
  if (standing !== undefined && standing.managementAccount !== account)
    throw invalid("Linked account doesn't have access to cost category.");
}

export const CreateCostCategoryDefinition = operation('CreateCostCategoryDefinition', {
  access: (input) => ({ action: 'ce:CreateCostCategoryDefinition', resource: '*', requestTags: tagsOf(input.ResourceTags) }),
  async handle(input, context) {
    await requirePayer(context);
    const { transaction, account, partition, ids } = context;
    const { Name: name, Rules: rules, DefaultValue, SplitChargeRules } = input;
    const existing = await categories.all(transaction, account);
    if (existing.some((category) => category.name === name)) {
      throw invalid(`Failed to create Cost Category: Cost category name ${name} already exists`);
    }
    if (existing.length >= categoriesMax) {
      throw fault('ServiceQuotaExceededException', `You have reached the limit of ${categoriesMax} cost categories.`);
    }
    checkRules(rules, SplitChargeRules);
    const record: CategoryRecord = {
      account,
      name,
      arn: `arn:${partition}:ce::${account}:costcategory/${ids.uuid()}`,
      rules,
      defaultValue: DefaultValue,
      splitChargeRules: SplitChargeRules,
      startMs: startOf(context, input.EffectiveStart),
      tags: checkedTags(input.ResourceTags, {}),
    };
    categories.put(transaction, record);
    return { CostCategoryArn: record.arn, EffectiveStart: isoSeconds(record.startMs) };
  },
});

export const UpdateCostCategoryDefinition = operation('UpdateCostCategoryDefinition', {
  access: (input, scope) => categoryAccess(scope, 'ce:UpdateCostCategoryDefinition', input.CostCategoryArn),
  async handle(input, context) {
    const record = await requireCategory(context, input.CostCategoryArn);
    checkRules(input.Rules, input.SplitChargeRules);
    const startMs = startOf(context, input.EffectiveStart);
    categories.put(context.transaction, {
      ...record,
      rules: input.Rules,
      defaultValue: input.DefaultValue,
      splitChargeRules: input.SplitChargeRules,
      startMs,
    });
    return { CostCategoryArn: record.arn, EffectiveStart: isoSeconds(startMs) };
  },
});

export const DeleteCostCategoryDefinition = operation('DeleteCostCategoryDefinition', {
  access: (input, scope) => categoryAccess(scope, 'ce:DeleteCostCategoryDefinition', input.CostCategoryArn),
  async handle(input, context) {
    const record = await requireCategory(context, input.CostCategoryArn);
    categories.remove(context.transaction, record);
    return { CostCategoryArn: record.arn, EffectiveEnd: isoSeconds(context.now) };
  },
});

export const DescribeCostCategoryDefinition = operation('DescribeCostCategoryDefinition', {
  access: (input, scope) => categoryAccess(scope, 'ce:DescribeCostCategoryDefinition', input.CostCategoryArn),
  async handle(input, context): Promise<{ CostCategory: CostCategory }> {
    const record = await requireCategory(context, input.CostCategoryArn);
    if (!isEffective(record, input.EffectiveOn)) {
      throw fault('ResourceNotFoundException', `No Cost Categories found with ID ${input.CostCategoryArn}`);
    }
    const { arn, name, rules, defaultValue, splitChargeRules, startMs } = record;
    return {
      CostCategory: {
        CostCategoryArn: arn,
        EffectiveStart: isoSeconds(startMs),
        Name: name,
        RuleVersion: 'CostCategoryExpression.v1',
        Rules: rules,
        ...(splitChargeRules === undefined ? {} : { SplitChargeRules: splitChargeRules }),
        ...(defaultValue === undefined ? {} : { DefaultValue: defaultValue }),
        ProcessingStatus: applied,
      },
    };
  },
});

/** A rule counts from the moment on at which it is written. */
const applied = [{ Component: 'COST_EXPLORER', Status: 'APPLIED' }] as const;

function isEffective({ startMs }: CategoryRecord, on: string | undefined): boolean {
  return on === undefined || Date.parse(on) >= startMs;
}

export const ListCostCategoryDefinitions = operation('ListCostCategoryDefinitions', {
  access: () => ({ action: 'ce:ListCostCategoryDefinitions', resource: '*' }),
  async handle({ EffectiveOn, NextToken, MaxResults = 100 }, context) {
    const request = {
      under: [context.account],
      limit: MaxResults,
      marker: NextToken,
      onBadMarker: () => invalid('The pagination token is invalid.'),
    };
    const { items, marker } = await pageOf(context.transaction, categories, request, (record) => isEffective(record, EffectiveOn));
    return {
      CostCategoryReferences: items.map(({ arn, name, startMs, rules, defaultValue }) => ({
        CostCategoryArn: arn,
        Name: name,
        EffectiveStart: isoSeconds(startMs),
        NumberOfRules: rules.length,
        ProcessingStatus: applied,
        Values: [...new Set(rules.flatMap(({ Value }) => Value ?? []))],
        ...(defaultValue === undefined ? {} : { DefaultValue: defaultValue }),
      })),
      ...(marker === undefined ? {} : { NextToken: marker }),
    };
  },
});

function startOf({ now }: Context, given: string | undefined): number {
  const current = monthStart(dayOf(now));
  if (given === undefined) return Date.parse(current);
  const ms = Date.parse(given);
  const day = Number.isNaN(ms) ? '' : dayOf(ms);
  if (Number.isNaN(ms) || isoSeconds(ms) !== `${day.slice(0, 7)}-01T00:00:00Z`) {
    throw invalid('The effective start date must be the first day of a month.');
  }
  if (day > current || day < monthStart(current, -backMonths)) {
    throw invalid("The effective start date can't be before the previous twelve months, or in the future.");
  }
  return ms;
}

function checkRules(rules: readonly CostCategoryRule[], splits: readonly CostCategorySplitChargeRule[] = []): void {
  for (const { Type = 'REGULAR', Value, Rule, InheritedValue } of rules) {
    if (Type === 'INHERITED_VALUE') {
      if (InheritedValue?.DimensionName === undefined || Rule !== undefined || Value !== undefined) {
        throw invalid('A rule of the type INHERITED_VALUE has an inherited value, and neither a value nor a rule.');
      }
      if (InheritedValue.DimensionName === 'TAG' && !InheritedValue.DimensionKey)
        throw invalid('DimensionKey is required to inherit from a tag.');
      continue;
    }
    if (Rule === undefined || Value === undefined || InheritedValue !== undefined) {
      throw invalid('A rule of the type REGULAR has a value and a rule, and no inherited value.');
    }
    compileExpression(Rule, 'rule');
  }
  for (const split of splits) checkSplit(split, splits);
}

function checkSplit(
  { Source, Targets, Method, Parameters = [] }: CostCategorySplitChargeRule,
  all: readonly CostCategorySplitChargeRule[],
): void {
  if (all.some((other) => other.Targets.includes(Source)) || all.filter((other) => other.Source === Source).length > 1) {
    throw invalid(`The value ${Source} can't be used as a source or a target in other split charge rules.`);
  }
  const percentages = Parameters.flatMap(({ Values }) => Values);
  if (Method !== 'FIXED') {
    if (Parameters.length > 0) throw invalid('Parameters are only required for the FIXED method.');
    return;
  }
  const sum = percentages.reduce((total, text) => total + Number(text), 0);
  if (percentages.length !== Targets.length || Math.abs(sum - 100) > 1e-9) {
    throw invalid('The allocation percentages must be one for each target, and add up to 100.');
  }
}

export const costCategoryOperations = [
  CreateCostCategoryDefinition,
  UpdateCostCategoryDefinition,
  DeleteCostCategoryDefinition,
  DescribeCostCategoryDefinition,
  ListCostCategoryDefinitions,
];
