// How the machine is set up, by its operator and nobody else. It is off until a way of vending is switched on.
import { parseArn } from '../base/arn.ts';
import { isRecord } from '../base/record.ts';
import { checkDocument } from '../policy/validate-document.ts';
import type { Store, Transaction } from '../store/store.ts';
import { configurations, type TvmConfiguration, type Vending } from './records.ts';

export type VendingMode = 'anonymous' | 'identity';

const secondsMin = 900;
const secondsMax = 43_200;
const policyCharactersMax = 2_048;

export function configurationOf(transaction: Transaction): Promise<TvmConfiguration | undefined> {
  return configurations.get(transaction, 'tvm');
}

export async function showTvm(store: Store): Promise<object> {
  const configuration = await store.transact(configurationOf);
  const { brokerAccessKeyId, anonymous, identity } = configuration ?? {};
  return { isOn: anonymous !== undefined || identity !== undefined, brokerAccessKeyId, anonymous, identity };
}

/** Switches one way of vending on or off. @throws Error with a sentence about what is wrong in the request */
export async function setUpTvm(store: Store, request: unknown): Promise<object> {
  const { mode, vending, brokerAccessKeyId } = readRequest(request);
  await store.transact(async (transaction) => {
    const before = await configurationOf(transaction);
    const broker = brokerAccessKeyId ?? before?.brokerAccessKeyId;
    if (broker === undefined) throw new Error('name the access key of the IAM user that assumes the role: --broker-access-key-id');
    configurations.put(transaction, { ...before, id: 'tvm', brokerAccessKeyId: broker, [mode]: vending });
  });
  return showTvm(store);
}

interface SetUp {
  readonly mode: VendingMode;
  /** Undefined: off. */
  readonly vending: Vending | undefined;
  readonly brokerAccessKeyId: string | undefined;
}

function readRequest(request: unknown): SetUp {
  if (!isRecord(request)) throw new Error('the request is not a JSON object');
  const { mode, vending, brokerAccessKeyId } = request;
  if (mode !== 'anonymous' && mode !== 'identity') throw new Error('`mode` is `anonymous` or `identity`');
  if (brokerAccessKeyId !== undefined && (typeof brokerAccessKeyId !== 'string' || !/^\w{16,128}$/.test(brokerAccessKeyId))) {
    throw new Error('`brokerAccessKeyId` is no access key id');
  }
  return { mode, brokerAccessKeyId, vending: vending === undefined ? undefined : readVending(vending) };
}

function readVending(vending: unknown): Vending {
  if (!isRecord(vending)) throw new Error('`vending` is not a JSON object');
  const { roleArn, durationSeconds = 3_600, sessionPolicy } = vending;
  const arn = typeof roleArn === 'string' ? parseArn(roleArn) : undefined;
  if (typeof roleArn !== 'string' || arn?.service !== 'iam' || !arn.resource.startsWith('role/'))
    throw new Error('`roleArn` is no ARN of a role');
  const isDuration = typeof durationSeconds === 'number' && Number.isInteger(durationSeconds);
  if (!isDuration || durationSeconds < secondsMin || durationSeconds > secondsMax) {
    throw new Error(`\`durationSeconds\` is not between ${secondsMin} and ${secondsMax}`);
  }
  if (sessionPolicy === undefined) return { roleArn, durationSeconds };
  if (typeof sessionPolicy !== 'string' || sessionPolicy.length > policyCharactersMax) {
    throw new Error(`\`sessionPolicy\` is not a text of at most ${policyCharactersMax} characters`);
  }
  const check = checkDocument('session', sessionPolicy);
  if ('message' in check) throw new Error(`\`sessionPolicy\`: ${check.message}`);
  return { roleArn, durationSeconds, sessionPolicy };
}
