// `npm run bench -- policy`: decisions per second on one core, explanations, memory, and cost against size. Nothing here is a gate.
import { evaluate } from '../../src/policy/evaluate.ts';
import { explain } from '../../src/policy/explain.ts';
import type { AuthorizationRequest, PolicySource } from '../../src/policy/policy.ts';
import { policyList } from '../../src/policy/policy-list.ts';
import {
  actionOf,
  bareRequest,
  boundaryPolicy,
  compiled,
  contextOf,
  managedPolicy,
  named,
  namedLevels,
  ownPolicy,
  resourceControlLevels,
  resourcePolicy,
  serviceControlLevels,
  services,
  sessionOf,
  sessionPolicy,
} from './policy-worlds.ts';
import { worstCases } from './policy-worst.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 2);
const account = '111111111111';

print('decisions per second on one core', process.version);
reportAll('one small policy', smallWorld());
const role = realisticWorld();
reportAll('a realistic role: 10 managed policies, boundary, session policy, 3 SCP levels, RCP, resource policy', role);
measureOrganization();
measureExplanations(role);
worstCases(print);

function smallWorld(): readonly AuthorizationRequest[] {
  const policy = compiled([
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: ['arn:aws:s3:::app', 'arn:aws:s3:::app/*'] },
    { Effect: 'Allow', Action: 'sqs:*', Resource: `arn:aws:sqs:*:${account}:jobs` },
  ]);
  const principal = sessionOf(account, 'app');
  const asked = [
    ['s3:GetObject', 'arn:aws:s3:::app/x/y'],
    ['s3:ListBucket', 'arn:aws:s3:::app'],
    ['sqs:SendMessage', `arn:aws:sqs:eu-central-1:${account}:jobs`],
    ['s3:PutObject', 'arn:aws:s3:::app/x/y'],
  ] as const;
  const identity = [named('app', policy)];
  return asked.map(([action, resource]) => ({ ...bareRequest(principal, action, resource), identity }));
}

function realisticWorld(): readonly AuthorizationRequest[] {
  const principal = sessionOf(account, 'app');
  const layers = {
    identity: policyList(Array.from({ length: 10 }, (_each, index) => named(`managed ${index}`, managedPolicy(index)))),
    boundary: named('boundary', boundaryPolicy()),
    session: [named('session', sessionPolicy())],
    resourcePolicy: { source: named('resource', resourcePolicy(account, 1)), mode: 'optional' as const },
    serviceControl: namedLevels(serviceControlLevels(1)),
    resourceControl: namedLevels(resourceControlLevels()),
  };
  return requestsFor(1, 64).map(({ action, resource }) => ({ ...bareRequest(principal, action, resource), ...layers }));
}

function requestsFor(seed: number, count: number): readonly { readonly action: string; readonly resource: string }[] {
  return Array.from({ length: count }, (_each, index) => {
    const service = services[(seed + index) % services.length] ?? 's3';
    // Three of four requests read or put, as most do.
    const verb = index % 4 === 3 ? seed * 7 + index : (seed + index) % 4;
    return { action: actionOf(service, verb + 11 * (index % 3)), resource: `arn:aws:${service}:eu-central-1:${account}:prod-${index}/x` };
  });
}

/** Every principal has two policies of its own and eight of two hundred managed ones. */
function measureOrganization(): void {
  const accountCount = 1_000;
  const principalCount = 50_000;
  const shared = Array.from({ length: 200 }, (_each, index) => named(`managed ${index}`, managedPolicy(index)));
  const before = heapBytes();
  const own: PolicySource[][] = Array.from({ length: principalCount }, (_each, index) => [
    named(`own ${index}`, ownPolicy(index, accountId(index % accountCount))),
    named(`team ${index}`, ownPolicy(index + 3, accountId(index % accountCount))),
  ]);
  const bytes = (heapBytes() - before) / (principalCount * 2);
  // Twenty organisational units with guardrails of their own; each account has its own boundary and its own resources' policies.
  const units = Array.from({ length: 20 }, (_each, index) => ({
    serviceControl: namedLevels(serviceControlLevels(index)),
    resourceControl: namedLevels(resourceControlLevels()),
  }));
  const accounts = Array.from({ length: accountCount }, (_each, index) => ({
    ...(units[index % units.length] ?? fail()),
    boundary: named('boundary', boundaryPolicy()),
    session: [named('session', sessionPolicy())],
    resourcePolicy: { source: named('resource', resourcePolicy(accountId(index), index)), mode: 'optional' as const },
  }));
  const context = contextOf('arn:aws:iam::200000000000:role/app');
  // What a request brings along is new and in the processor's cache; only the policies are resident. So requests come from a small pool.
  const pool = requestsFor(1, 480);
  const principals = own.map((policies, index) => {
    const managed = Array.from({ length: 8 }, (_each, at) => shared[(index * 8 + at) % shared.length]).filter((each) => each !== undefined);
    return { principal: sessionOf(accountId(index % accountCount), `role-${index}`), identity: policyList([...policies, ...managed]) };
  });
  // Far jumps, so that no principal is asked twice while its policies are still in the processor's cache. As in the server, the request
  // itself is new each time and the policies are not.
  let at = 0;
  report('an organisation of 1,000 accounts and 50,000 principals, each with 10 policies, all resident', principalCount, () => {
    at = (at + 7_919) % principalCount;
    const { principal, identity } = principals[at] ?? fail();
    const { action, resource } = pool[at % pool.length] ?? fail();
    const { boundary, session, resourcePolicy: policy, serviceControl, resourceControl } = accounts[at % accountCount] ?? fail();
    return {
      principal,
      action,
      resource,
      resourceAccount: principal.account,
      context,
      identity,
      boundary,
      session,
      resourcePolicy: policy,
      serviceControl,
      resourceControl,
      vpcEndpoint: undefined,
    };
  });
  print('  memory of one policy of 3 statements', `${Math.round(bytes)} bytes`);
}

function fail(): never {
  throw new Error('the world has no such principal');
}

function accountId(index: number): string {
  return String(200_000_000_000 + index);
}

function measureExplanations(requests: readonly AuthorizationRequest[]): void {
  const refused = requests.filter((each) => evaluate(each).outcome !== 'ALLOW');
  for (const each of refused) explain(each);
  const began = performance.now();
  for (let round = 0; round < 20; round += 1) for (const each of refused) explain(each);
  const ms = (performance.now() - began) / (20 * refused.length);
  print('an explanation of a refusal of the realistic role, with remedies', `${ms.toFixed(3)} ms`);
}

function reportAll(name: string, requests: readonly AuthorizationRequest[]): void {
  let at = 0;
  report(name, requests.length, () => {
    at = (at + 1) % requests.length;
    return requests[at] ?? fail();
  });
}

function report(name: string, count: number, next: () => AuthorizationRequest): void {
  const outcomes = new Map<string, number>();
  for (let index = 0; index < count; index += 1) {
    const { outcome } = evaluate(next());
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // The best of several rounds: the others were disturbed by what the machine does besides.
  const rates = Array.from({ length: 7 }, () => rateOf(next));
  const shares = [...outcomes].map(([outcome, each]) => `${Math.round((each / count) * 100)} % ${outcome}`).join(', ');
  print(
    name,
    `${Math.round(Math.max(...rates)).toLocaleString('en')}/s, median ${Math.round(median(rates)).toLocaleString('en')}/s (${shares})`,
  );
}

/** By the processor's time, which does not count what the machine does besides. */
function rateOf(next: () => AuthorizationRequest): number {
  const began = process.cpuUsage();
  let count = 0;
  let usedMs = 0;
  while (usedMs < (seconds * 1000) / 7) {
    for (let index = 0; index < 1_000; index += 1) evaluate(next());
    count += 1_000;
    const { user, system } = process.cpuUsage(began);
    usedMs = (user + system) / 1000;
  }
  return (count / usedMs) * 1000;
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function print(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(100)} ${value}\n`);
}
