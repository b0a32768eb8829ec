// The services that have something implemented, one line each, loaded on the first request to them.
import type { ServiceDefinition } from '../kit/service.ts';

export const services: Readonly<Record<string, () => Promise<ServiceDefinition>>> = {
  account: async () => (await import('./account/index.ts')).account,
  budgets: async () => (await import('./budgets/index.ts')).budgets,
  ce: async () => (await import('./ce/index.ts')).ce,
  cloudtrail: async () => (await import('./cloudtrail/index.ts')).cloudtrail,
  ec2: async () => (await import('./ec2/index.ts')).ec2,
  iam: async () => (await import('./iam/index.ts')).iam,
  'iam-toolbox': async () => (await import('./iam-toolbox/index.ts')).iamToolbox,
  kms: async () => (await import('./kms/index.ts')).kms,
  lambda: async () => (await import('./lambda/index.ts')).lambda,
  organizations: async () => (await import('./organizations/index.ts')).organizations,
  ram: async () => (await import('./ram/index.ts')).ram,
  'resource-groups': async () => (await import('./resource-groups/index.ts')).resourceGroups,
  resourcegroupstaggingapi: async () => (await import('./resourcegroupstaggingapi/index.ts')).resourceGroupsTaggingApi,
  secretsmanager: async () => (await import('./secretsmanager/index.ts')).secretsmanager,
  sts: async () => (await import('./sts/index.ts')).sts,
};
