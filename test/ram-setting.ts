// An organisation in which resource groups and firewall policies (a service that exists only in tests) are shared: the management account owns them, three accounts stand in units, one is outside.

import { firewallPolicies } from './firewall-policies.ts';
import { type ClientCredentials, type InProcess, type JsonAnswer, startInProcess } from './in-process.ts';
import { testUser } from './users.ts';

export interface Member {
  readonly account: string;
  readonly root: ClientCredentials;
  /** May do everything in its account. */
  readonly user: ClientCredentials;
}

export interface RamSetting {
  readonly castellan: InProcess;
  readonly owner: Member;
  readonly organizationArn: string;
  readonly rootId: string;
  readonly unitId: string;
  readonly unitArn: string;
  readonly otherUnitId: string;
  /** In the unit. */
  readonly member: Member;
  readonly outsider: Member;
  ram(operation: string, input?: object, as?: ClientCredentials): Promise<JsonAnswer>;
  /** The answer of a call that must succeed. */
  ok(operation: string, input?: object, as?: ClientCredentials): Promise<Record<string, unknown>>;
  newGroup(name: string, as?: ClientCredentials): Promise<string>;
  /** `allowed`, or the error. */
  read(groupArn: string, as: ClientCredentials): Promise<string>;
  newPolicy(name: string, as?: ClientCredentials): Promise<string>;
  /** `allowed`, or the error. */
  describe(arn: string, as: ClientCredentials): Promise<string>;
  update(arn: string, as: ClientCredentials): Promise<string>;
  /** A further account in the organisation's root. */
  newMember(name: string): Promise<Member>;
}

const everything = { Effect: 'Allow', Action: '*', Resource: '*' };

export async function ramSetting(name: string, options: { readonly postgres?: string } = {}): Promise<RamSetting> {
  const castellan = await startInProcess(name, { ...options, services: { 'network-firewall': async () => firewallPolicies } });
  const organizations = castellan.organizations();
  const { Organization } = await organizations.createOrganization({});
  const rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  const newUnit = async (Name: string) => (await organizations.createOrganizationalUnit({ ParentId: rootId, Name })).OrganizationalUnit;
  const unit = await newUnit('Workloads');
  const otherUnit = await newUnit('Elsewhere');
  const memberOf = async (account: string): Promise<Member> => {
    const root = await castellan.addAccount(account);
    return { account, root, user: await testUser(castellan, 'admin', [everything], root) };
  };
  const newMember = async (accountName: string): Promise<Member> => {
    const created = await organizations.createAccount({ AccountName: accountName, Email: `${accountName}@example.org` });
    return memberOf(created.CreateAccountStatus?.AccountId ?? '');
  };
  const member = await newMember('workload');
  await organizations.moveAccount({ AccountId: member.account, SourceParentId: rootId, DestinationParentId: unit?.Id });
  const owner = await memberOf(castellan.account);
  const ram = (operation: string, input: object = {}, as: ClientCredentials = owner.user) =>
    castellan.call('ram', operation, { ...input }, as);
  const firewall = async (operation: string, arn: string, as: ClientCredentials): Promise<string> => {
    const token = operation === 'UpdateFirewallPolicy' ? { UpdateToken: updateToken, FirewallPolicy: policyBody } : {};
    const answer = await castellan.call('network-firewall', operation, { FirewallPolicyArn: arn, ...token }, as);
    return answer.error ?? 'allowed';
  };
  return {
    castellan,
    owner,
    organizationArn: Organization?.Arn ?? '',
    rootId,
    unitId: unit?.Id ?? '',
    unitArn: unit?.Arn ?? '',
    otherUnitId: otherUnit?.Id ?? '',
    member,
    outsider: await memberOf('999988887777'),
    ram,
    async ok(operation, input, as) {
      const answer = await ram(operation, input, as);
      if (answer.error !== undefined) throw new Error(`${operation}: ${answer.error} ${JSON.stringify(answer.output)}`);
      return answer.output;
    },
    async newGroup(Name, as = owner.user) {
      const { output } = await castellan.call('resource-groups', 'CreateGroup', { Name }, as);
      return String(asRecord(output['Group'])['GroupArn']);
    },
    read: async (Group, as) => (await castellan.call('resource-groups', 'GetGroup', { Group }, as)).error ?? 'allowed',
    async newPolicy(policyName, as = owner.user) {
      const { output } = await castellan.call(
        'network-firewall',
        'CreateFirewallPolicy',
        { FirewallPolicyName: policyName, FirewallPolicy: policyBody },
        as,
      );
      return String(asRecord(output['FirewallPolicyResponse'])['FirewallPolicyArn']);
    },
    describe: (arn, as) => firewall('DescribeFirewallPolicy', arn, as),
    update: (arn, as) => firewall('UpdateFirewallPolicy', arn, as),
    newMember,
  };
}

const updateToken = '01234567-89ab-cdef-0123-456789abcdef';
const policyBody = { StatelessDefaultActions: ['aws:pass'], StatelessFragmentDefaultActions: ['aws:pass'] };

// Decoding boundary: an answer, for expectations.
export function asRecord(value: unknown): Record<string, unknown> {
  return value as Record<string, unknown>;
}

export function asList(value: unknown): readonly Record<string, unknown>[] {
  return value as readonly Record<string, unknown>[];
}
