// The permissions of roles and groups: AWS managed policies, and one inline policy of the zone's name. What is there beside them is drift.
import { type Api, listAll, textIn, valuesIn } from '../api.ts';
import type { Role } from '../file.ts';
import type { Difference, PolicyText, Properties } from '../item.ts';
import { resolved, type World } from '../world.ts';

type Holder = 'Role' | 'Group';

export function permissionsOf(
  zone: string,
  { policies = [], statements = [], assumes = [] }: Pick<Role, 'policies' | 'statements' | 'assumes'>,
): Properties {
  const all = assumes.length === 0 ? statements : [assumption(zone, assumes), ...statements];
  return {
    policies: policies.map((policy) => (policy.startsWith('arn:') ? policy : `arn:aws:iam::aws:policy/${policy}`)).toSorted(),
    permissions: all.length === 0 ? '' : { policy: { Version: '2012-10-17', Statement: all } },
    others: [],
  };
}

/** The roles may be in any account, now or later: only the zone makes roles under its path, and the condition keeps to the organisation. */
function assumption(zone: string, roles: readonly string[]) {
  return {
    Sid: 'AssumeRolesOfTheZone',
    Effect: 'Allow',
    Action: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
    Resource: roles.map((role) => `arn:aws:iam::*:role/${zone}/${role}`),
    Condition: { StringEquals: { 'aws:ResourceOrgID': '{{organization}}' } },
  };
}

export async function readPermissions(api: Api, zone: string, holder: Holder, name: string): Promise<Properties> {
  const input = { [`${holder}Name`]: name };
  const [attached, inline] = await Promise.all([
    listAll(api, { service: 'iam', operation: `ListAttached${holder}Policies`, input }, 'AttachedPolicies'),
    allNames(api, holder, input),
  ]);
  const own = inline.includes(zone)
    ? await api({ service: 'iam', operation: `Get${holder}Policy`, input: { ...input, PolicyName: zone } })
    : undefined;
  return {
    policies: attached.map((policy) => textIn(policy, 'PolicyArn')).toSorted(),
    permissions: own === undefined ? '' : documentOf(textIn(own, 'PolicyDocument')),
    others: inline.filter((each) => each !== zone).toSorted(),
  };
}

async function allNames(api: Api, holder: Holder, input: object): Promise<readonly string[]> {
  const names: string[] = [];
  for (let marker = {}; ; ) {
    const answer = await api({ service: 'iam', operation: `List${holder}Policies`, input: { ...input, ...marker } });
    names.push(...valuesIn(answer, 'PolicyNames').map(String));
    if (textIn(answer, 'Marker') === '') return names;
    marker = { Marker: textIn(answer, 'Marker') };
  }
}

/** AWS: documents of IAM come percent-encoded. */
export function documentOf(encoded: string): PolicyText | string {
  const text = encoded.trimStart().startsWith('{') ? encoded : decodeURIComponent(encoded);
  try {
    return { policy: JSON.parse(text) };
  } catch {
    return text;
  }
}

export function policyJson(world: World, value: unknown): string {
  return JSON.stringify(resolved(world, value !== null && typeof value === 'object' && 'policy' in value ? value.policy : {}));
}

export async function writePermissions(
  { world, api, holder, name }: { readonly world: World; readonly api: Api; readonly holder: Holder; readonly name: string },
  differences: readonly Difference[],
): Promise<void> {
  const input = { [`${holder}Name`]: name };
  const iam = (operation: string, more: object) => api({ service: 'iam', operation, input: { ...input, ...more } });
  for (const { property, before, after } of differences) {
    if (property === 'policies' || property === 'others') {
      const [old, wanted] = [listOf(before), listOf(after)];
      const surplus = old.filter((each) => !wanted.includes(each));
      for (const PolicyArn of property === 'policies' ? wanted.filter((each) => !old.includes(each)) : []) {
        await iam(`Attach${holder}Policy`, { PolicyArn });
      }
      for (const each of surplus) {
        if (property === 'policies') await iam(`Detach${holder}Policy`, { PolicyArn: each });
        else await iam(`Delete${holder}Policy`, { PolicyName: each });
      }
    }
    if (property !== 'permissions') continue;
    const { zone } = world.file;
    if (after === '' && before !== undefined && before !== '') await iam(`Delete${holder}Policy`, { PolicyName: zone });
    if (after !== '' && after !== undefined)
      await iam(`Put${holder}Policy`, { PolicyName: zone, PolicyDocument: policyJson(world, after) });
  }
}

export function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
