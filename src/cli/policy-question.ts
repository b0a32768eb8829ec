// Policy questions as people write them in files and on the command line, made into what the policy library answers.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseArn } from '../base/arn.ts';
import { isRecord } from '../base/record.ts';
import { checkDocument, type DocumentType, type PlainPolicies, type Principal } from '../policy/library.ts';
import { CommandError } from './output.ts';

/** The principal that an ARN names. @throws CommandError */
export function principalOf(arn: string): Principal {
  if (arn === '*' || arn === 'anonymous') return { kind: 'anonymous', arn: '*', account: undefined };
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(arn)) return { kind: 'service', arn, account: undefined };
  const parts = parseArn(arn);
  const [kind, name = ''] = parts?.resource.split('/') ?? [];
  const account = parts?.account;
  if (parts?.service === 'iam' && kind === 'root') return { kind: 'root', arn, account };
  if (parts?.service === 'iam' && kind === 'user') return { kind: 'user', arn, account };
  // A role by itself stands for any of its sessions.
  if (parts?.service === 'iam' && kind === 'role') {
    return {
      kind: 'role-session',
      arn: `arn:${parts.partition}:sts::${account}:assumed-role/${arn.slice(arn.lastIndexOf('/') + 1)}/session`,
      account,
      roleArn: arn,
    };
  }
  if (parts?.service === 'sts' && kind === 'assumed-role') {
    return { kind: 'role-session', arn, account, roleArn: `arn:${parts.partition}:iam::${account}:role/${name}` };
  }
  if (parts?.service === 'sts' && kind === 'federated-user') return { kind: 'federated-user', arn, account };
  throw new CommandError(`\`${arn}\` is no principal; give the ARN of a user, role, session or root, a service principal, or \`*\``, 2);
}

/** A policy as an object, or the name of a file that holds one, relative to `folder`. @throws CommandError when it is no valid policy of its kind */
export function policyDocument(value: unknown, type: DocumentType, folder: string): object {
  const [text, from] = typeof value === 'string' ? [readPolicyFile(value, folder), value] : [JSON.stringify(value), `a ${type} policy`];
  const check = checkDocument(type, text);
  if ('message' in check) throw new CommandError(`${from}: ${check.message}`, 2);
  const document: unknown = JSON.parse(text);
  if (!isRecord(document)) throw new CommandError(`${from} is no policy document`, 2);
  return document;
}

function readPolicyFile(name: string, folder: string): string {
  const path = isAbsolute(name) ? name : join(folder, name);
  if (!existsSync(path)) throw new CommandError(`the policy file \`${path}\` is not there`, 2);
  return readFileSync(path, 'utf8');
}

/** The layers of a principal as an object of this form: `identity`, `boundary`, `session`, `serviceControl`, `resourceControl`, `vpcEndpoint`. */
export function policiesOf(given: Readonly<Record<string, unknown>>, folder: string): PlainPolicies {
  const one = (name: string, type: DocumentType): object | undefined =>
    given[name] === undefined ? undefined : policyDocument(given[name], type, folder);
  const several = (name: string, type: DocumentType): readonly object[] | undefined =>
    given[name] === undefined ? undefined : listOf(given[name]).map((each) => policyDocument(each, type, folder));
  const levels = (name: string, type: DocumentType): readonly (readonly object[])[] | undefined =>
    given[name] === undefined
      ? undefined
      : listOf(given[name]).map((level) => listOf(level).map((each) => policyDocument(each, type, folder)));
  return {
    identity: several('identity', 'identity'),
    boundary: one('boundary', 'boundary'),
    session: several('session', 'session'),
    serviceControl: levels('serviceControl', 'service-control'),
    resourceControl: levels('resourceControl', 'resource-control'),
    vpcEndpoint: one('vpcEndpoint', 'vpc-endpoint'),
  };
}

export function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** `aws:SourceIp=10.0.0.1`; a key that is given several times has several values. @throws CommandError */
export function contextOf(pairs: readonly string[]): Readonly<Record<string, string | readonly string[]>> {
  const context: Record<string, string | readonly string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new CommandError(`\`${pair}\` is no context; say KEY=VALUE`, 2);
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const before = context[key];
    context[key] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  return context;
}

/** What is always known of a caller, where the question does not say otherwise. */
export function withCaller(context: Readonly<Record<string, string | readonly string[]>>, principal: Principal) {
  const given = new Set(Object.keys(context).map((key) => key.toLowerCase()));
  const userName = principal.kind === 'user' ? principal.arn.slice(principal.arn.lastIndexOf('/') + 1) : undefined;
  const known = {
    'aws:PrincipalArn': principal.roleArn ?? principal.arn,
    'aws:PrincipalAccount': principal.account,
    'aws:username': userName,
  };
  const added = Object.entries(known).flatMap(([key, value]) =>
    value === undefined || given.has(key.toLowerCase()) ? [] : [[key, value] as const],
  );
  return { ...Object.fromEntries(added), ...context };
}

export function folderOf(path: string): string {
  return dirname(path);
}
