// Callers and a request's context for the tests of services; nothing that runs imports it.

import { seededIds } from '../src/base/ids.ts';
import { createAnswers } from '../src/kit/answers.ts';
import type { Caller, Context, EventFacts, SessionFacts } from '../src/kit/context.ts';
import { noHardware } from '../src/kit/no-hardware.ts';
import type { RoleFacts } from '../src/kit/ports.ts';
import { compilePolicy } from '../src/policy/compile.ts';
import type { PolicySource } from '../src/policy/policy.ts';
import { fixedRootKey } from '../src/store/root-key.ts';
import { createSealer } from '../src/store/seal.ts';
import type { Transaction } from '../src/store/store.ts';

export const testAccount = '111122223333';
/** 2026-11-24T15:33:43.250Z */
export const testNow = 1_795_534_423_250;

export interface TestContextOptions {
  readonly caller?: Caller;
  readonly roles?: readonly RoleFacts[];
  readonly managedPolicies?: Readonly<Record<string, PolicySource>>;
  readonly transaction?: Transaction;
  readonly region?: string;
  readonly rootKey?: string;
  readonly now?: number;
  readonly onNote?: (facts: EventFacts) => void;
}

export function testContext(options: TestContextOptions = {}): Context {
  const ids = seededIds('test');
  const caller = options.caller ?? userCaller('alice');
  return {
    partition: 'aws',
    account: caller.principal.account ?? testAccount,
    region: options.region ?? 'us-east-1',
    caller,
    now: options.now ?? testNow,
    requestId: 'e2de7fd1-2a86-4837-b15a-96fff1388061',
    transaction: options.transaction ?? noTransaction,
    principals: {
      role: async (_, arn) => options.roles?.find((role) => role.arn === arn),
      present: async () => undefined,
      managedPolicy: async (_, arn) => options.managedPolicies?.[arn],
      openAccount: async () => {},
      addRole: async () => {},
      mfaSerials: async () => [],
      verifyMfaCode: async () => 'unknown-device',
      checkPassword: async () => ({ kind: 'wrong' }),
      principalId: async (_, arn) => options.roles?.find((role) => role.arn === arn)?.roleId,
      principalArn: async () => undefined,
      keptPolicy: async (_, document) => document,
      shownPolicy: async (_, document) => document,
      rootFeatures: async () => [],
      outboundIssuerId: async () => undefined,
    },
    organizations: {
      managementOf: async () => undefined,
      standingOf: async () => undefined,
      effectivePolicy: async () => undefined,
      branchOf: async () => undefined,
      membersFrom: async () => [],
      unitPath: async () => undefined,
    },
    shares: { policiesFor: async () => [], policyChanged: async () => {}, resourceRemoved: async () => {} },
    shareables: async () => [],
    providers: { samlProvider: async () => undefined, openIdProvider: async () => undefined },
    outbound: { document: untouched, post: untouched },
    hardware: noHardware,
    attestationRoots: [],
    billing: {
      currency: 'USD',
      seller: 'nobody',
      meteredServices: async () => [],
      lines: untouched,
      spentByDay: untouched,
      expected: untouched,
    },
    answers: createAnswers(ids),
    taggables: { all: async () => [] },
    publicUrl: 'http://localhost',
    isGlobalEndpoint: false,
    sealer: createSealer(fixedRootKey(Buffer.from(options.rootKey ?? 'root key')), ids),
    ids,
    sourceIp: '192.0.2.1',
    userAgent: 'test',
    note: options.onNote ?? (() => {}),
    via: [],
    guardrails: { placeOf: async () => undefined },
    compile: compilePolicy,
    call: untouchedService,
    serviceEvent: () => {},
  };
}

export function rootCaller(session?: SessionFacts): Caller {
  return {
    principal: { kind: 'root', arn: `arn:aws:iam::${testAccount}:root`, account: testAccount },
    userId: testAccount,
    accessKeyId: 'AKIARTX3GSDSAAAAAAAA',
    userName: undefined,
    tags: {},
    session,
  };
}

export function userCaller(userName: string, session?: SessionFacts): Caller {
  const uniqueId = 'AIDAQXCVBNMASDFGHJKLZ';
  return {
    principal: { kind: 'user', arn: `arn:aws:iam::${testAccount}:user/${userName}`, account: testAccount, uniqueId },
    userId: uniqueId,
    accessKeyId: session ? 'ASIARTX3GSDSBBBBBBBB' : 'AKIARTX3GSDSBBBBBBBB',
    userName,
    tags: {},
    session,
  };
}

export function roleCaller(roleName: string, facts: Partial<SessionFacts> = {}): Caller {
  const session = sessionFacts(facts);
  return {
    principal: {
      kind: 'role-session',
      arn: `arn:aws:sts::${testAccount}:assumed-role/${roleName}/${session.name}`,
      account: testAccount,
      roleArn: `arn:aws:iam::${testAccount}:role/service/${roleName}`,
      uniqueId: 'AROAQXCVBNMASDFGHJKLZ',
    },
    userId: `AROAQXCVBNMASDFGHJKLZ:${session.name}`,
    accessKeyId: 'ASIARTX3GSDSCCCCCCCC',
    userName: undefined,
    tags: session.tags,
    session,
  };
}

export function federatedCaller(name: string): Caller {
  return {
    principal: {
      kind: 'federated-user',
      arn: `arn:aws:sts::${testAccount}:federated-user/${name}`,
      account: testAccount,
      uniqueId: 'AIDAQXCVBNMASDFGHJKLZ',
      issuerArn: `arn:aws:iam::${testAccount}:user/alice`,
    },
    userId: `${testAccount}:${name}`,
    accessKeyId: 'ASIARTX3GSDSDDDDDDDD',
    userName: undefined,
    tags: {},
    session: sessionFacts({ name }),
  };
}

export function sessionFacts(facts: Partial<SessionFacts> = {}): SessionFacts {
  return {
    name: 'session',
    issuedAtMs: testNow - 60_000,
    expiresAtMs: testNow + 3_540_000,
    mfaAtMs: undefined,
    sourceIdentity: undefined,
    tags: {},
    transitiveTagKeys: [],
    federatedProvider: undefined,
    ...facts,
  };
}

const untouched = (): never => {
  throw new Error('the operation under test does not use the store');
};
const untouchedService = (): never => {
  throw new Error('the operation under test calls no other service');
};
const noTransaction: Transaction = {
  get: untouched,
  list: untouched,
  put: untouched,
  delete: untouched,
  append: untouched,
  scrub: untouched,
  discard: untouched,
  events: untouched,
  eventsAfter: untouched,
  asked: untouched,
  askedContext: untouched,
};
