// A service that exists only in tests: firewall policies that can be shared, under the names of AWS Network Firewall. It knows nothing of
// resource shares but what it declares.
import { parseArn } from '../src/base/arn.ts';
import { collection } from '../src/kit/collection.ts';
import type { Scope } from '../src/kit/context.ts';
import { type Access, serviceKit } from '../src/kit/operation.ts';
import { resourceNamed } from '../src/kit/resource-arns.ts';
import type { ServiceDefinition } from '../src/kit/service.ts';
import type { ShareableType } from '../src/kit/shareables.ts';
import type { Operations } from '../src/services/network-firewall/api.gen.ts';

const { operation, fault } = serviceKit<Operations>();

interface FirewallPolicyRecord {
  readonly arn: string;
  /** Its own resource policy. */
  readonly policy?: string | undefined;
}

const policies = collection<FirewallPolicyRecord>('test.firewall-policy', ({ arn }) => [arn]);

function arnOf({ partition, region, account }: Scope, name: string | undefined): string {
  return `arn:${partition}:network-firewall:${region}:${account}:firewall-policy/${name}`;
}

async function accessTo(scope: Scope, action: Access['action'], arn: string): Promise<Access> {
  const record = await policies.get(scope.transaction, arn);
  const source = record?.policy === undefined ? undefined : { name: `resource policy of ${arn}`, policy: scope.compile(record.policy) };
  return {
    action,
    resource: resourceNamed<'network-firewall:FirewallPolicy'>(arn),
    resourceAccount: parseArn(arn)?.account ?? scope.account,
    resourcePolicy: { mode: 'optional', source },
  };
}

async function requirePolicy({ transaction }: Scope, arn: string): Promise<FirewallPolicyRecord> {
  const record = await policies.get(transaction, arn);
  if (record === undefined) throw fault('ResourceNotFoundException', 'Resource not found');
  return record;
}

function shapeOf(arn: string) {
  return { UpdateToken: 'token', FirewallPolicyResponse: { FirewallPolicyName: 'x', FirewallPolicyArn: arn, FirewallPolicyId: 'id' } };
}

const operations = [
  operation('CreateFirewallPolicy', {
    access: (input, scope) => accessTo(scope, 'network-firewall:CreateFirewallPolicy', arnOf(scope, input.FirewallPolicyName)),
    handle(input, context) {
      const arn = arnOf(context, input.FirewallPolicyName);
      policies.put(context.transaction, { arn });
      return shapeOf(arn);
    },
  }),
  operation('DescribeFirewallPolicy', {
    access: (input, scope) => accessTo(scope, 'network-firewall:DescribeFirewallPolicy', input.FirewallPolicyArn ?? ''),
    handle: async (input, context) => shapeOf((await requirePolicy(context, input.FirewallPolicyArn ?? '')).arn),
  }),
  operation('UpdateFirewallPolicy', {
    access: (input, scope) => accessTo(scope, 'network-firewall:UpdateFirewallPolicy', input.FirewallPolicyArn ?? ''),
    handle: async (input, context) => shapeOf((await requirePolicy(context, input.FirewallPolicyArn ?? '')).arn),
  }),
  operation('DeleteFirewallPolicy', {
    access: (input, scope) => accessTo(scope, 'network-firewall:DeleteFirewallPolicy', input.FirewallPolicyArn ?? ''),
    async handle(input, context) {
      const record = await requirePolicy(context, input.FirewallPolicyArn ?? '');
      policies.remove(context.transaction, record);
      await context.shares.resourceRemoved(context, record.arn);
      return shapeOf(record.arn);
    },
  }),
  operation('PutResourcePolicy', {
    access: (input, scope) => accessTo(scope, 'network-firewall:PutResourcePolicy', input.ResourceArn),
    async handle(input, context) {
      const record = await requirePolicy(context, input.ResourceArn);
      policies.put(context.transaction, { ...record, policy: input.Policy });
      await context.shares.policyChanged(context, record.arn, input.Policy);
      return {};
    },
  }),
  operation('DeleteResourcePolicy', {
    access: (input, scope) => accessTo(scope, 'network-firewall:DeleteResourcePolicy', input.ResourceArn),
    async handle(input, context) {
      const record = await requirePolicy(context, input.ResourceArn);
      policies.put(context.transaction, { arn: record.arn });
      await context.shares.policyChanged(context, record.arn, undefined);
      return {};
    },
  }),
];

const firewallPolicy: ShareableType = {
  type: 'network-firewall:FirewallPolicy',
  isArn: (arn) => /^arn:[^:]+:network-firewall:[^:]+:\d{12}:firewall-policy\//.test(arn),
  exists: async (transaction, arn) => (await policies.get(transaction, arn)) !== undefined,
  hasPrincipals: true,
  isForOutsiders: true,
  hasCustomerPermissions: true,
  servicePrincipals: ['guardduty.amazonaws.com'],
  invitationHours: 168,
  actions: ['network-firewall:DescribeFirewallPolicy', 'network-firewall:UpdateFirewallPolicy', 'network-firewall:ListFirewallPolicies'],
  permissions: [
    {
      name: 'AWSRAMDefaultPermissionNetworkFirewallPolicy',
      statements: [{ Effect: 'Allow', Action: ['network-firewall:DescribeFirewallPolicy', 'network-firewall:ListFirewallPolicies'] }],
    },
    {
      name: 'AWSRAMTestPermissionFirewallPolicyUpdate',
      statements: [{ Effect: 'Allow', Action: ['network-firewall:DescribeFirewallPolicy', 'network-firewall:UpdateFirewallPolicy'] }],
    },
  ],
  policyAction: 'network-firewall:PutResourcePolicy',
};

/** Global, only for accounts of the own organisation, and only as AWS has it. */
const ruleGroup: ShareableType = {
  type: 'network-firewall:StatefulRuleGroup',
  isGlobal: true,
  isArn: (arn) => /^arn:[^:]+:network-firewall:[^:]*:\d{12}:stateful-rulegroup\//.test(arn),
  exists: async () => true,
  hasPrincipals: false,
  isForOutsiders: false,
  hasCustomerPermissions: false,
  invitationHours: 12,
  actions: ['network-firewall:DescribeRuleGroup'],
  permissions: [
    {
      name: 'AWSRAMDefaultPermissionNetworkFirewallStatefulRuleGroup',
      statements: [{ Effect: 'Allow', Action: ['network-firewall:DescribeRuleGroup'] }],
    },
  ],
};

export const firewallPolicies: ServiceDefinition = {
  name: 'network-firewall',
  operations,
  shareables: [firewallPolicy, ruleGroup],
};
