// The dimensions of a line of the bill, by the names that Cost Explorer filters and groups by.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetDimensionValues.html
import type { BilledLine } from '../../kit/billing.ts';
import type { Dimension } from './api.gen.ts';

/** A line with what must be looked up for it. */
export interface Facts {
  readonly line: BilledLine;
  readonly accountName: string;
  readonly seller: string;
  /** Its value in a cost category of the payer; undefined: it has none. */
  readonly category: (name: string) => string | undefined;
}

const ofLine: Partial<Readonly<Record<Dimension, (facts: Facts) => string>>> = {
  LINKED_ACCOUNT: ({ line }) => line.account,
  LINKED_ACCOUNT_NAME: ({ accountName }) => accountName,
  PAYER_ACCOUNT: ({ line }) => line.payer,
  SERVICE: ({ line }) => line.product,
  SERVICE_CODE: ({ line }) => line.productCode,
  REGION: ({ line }) => line.region,
  USAGE_TYPE: ({ line }) => line.usageType,
  OPERATION: ({ line }) => line.operation,
  RECORD_TYPE: () => 'Usage',
  LEGAL_ENTITY_NAME: ({ seller }) => seller,
  INVOICING_ENTITY: ({ seller }) => seller,
  BILLING_ENTITY: ({ seller }) => seller,
};

/** AWS: what is printed for dimensions that usage does not have; everything that is metered here is without them. */
const absent: Partial<Readonly<Record<Dimension, string>>> = {
  AZ: 'NoAZ',
  INSTANCE_TYPE: 'NoInstanceType',
  INSTANCE_TYPE_FAMILY: 'NoInstanceTypeFamily',
  OPERATING_SYSTEM: 'NoOperatingSystem',
  PLATFORM: 'NoPlatform',
  TENANCY: 'NoTenancy',
  DATABASE_ENGINE: 'NoDatabaseEngine',
  CACHE_ENGINE: 'NoCacheEngine',
  DEPLOYMENT_OPTION: 'NoDeploymentOption',
  PURCHASE_TYPE: 'NoPurchaseType',
  USAGE_TYPE_GROUP: 'NoUsageTypeGroup',
  RESERVATION_ID: 'NoReservationId',
  SAVINGS_PLANS_TYPE: 'NoSavingsPlansType',
  SAVINGS_PLAN_ARN: 'NoSavingsPlan',
  SUBSCRIPTION_ID: 'NoSubscriptionId',
  SCOPE: 'NoScope',
};

/** Undefined: the dimension does not belong to cost and usage. */
export function dimensionOf(key: string): ((facts: Facts) => string) | undefined {
  // Decoding boundary: any text is a good key to look with.
  const dimension = key as Dimension;
  if (Object.hasOwn(ofLine, key)) return ofLine[dimension];
  const value = Object.hasOwn(absent, key) ? absent[dimension] : undefined;
  return value === undefined ? undefined : () => value;
}

/** AWS: these two are for the rules of cost categories only. */
export function isRuleDimension(key: string): boolean {
  return key === 'LINKED_ACCOUNT_NAME' || key === 'SERVICE_CODE';
}
