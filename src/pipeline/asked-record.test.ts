// What the ledger keeps of the questions that policies were asked, seen through requests.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../test/in-process.ts';
import type { AskedEntry } from '../store/store.ts';
import { type RecordedContext, type RecordedQuestion, readContext, readQuestion } from './asked-record.ts';

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('asked-record');
});
afterAll(() => castellan.stop());

/** What was asked of the last event of this name. */
async function lastAsked(
  eventName: string,
): Promise<{ readonly entry: AskedEntry; readonly question: RecordedQuestion; readonly context: RecordedContext }> {
  const entries = await castellan.store.transact((transaction) => transaction.asked({ after: 0, until: 1_000_000 }));
  const entry = entries.findLast((each) => each.eventName === eventName);
  const question = readQuestion(entry?.text ?? '');
  const text = await castellan.store.transact((transaction) => transaction.askedContext(entry?.contextId ?? ''));
  if (entry === undefined || question === undefined || text === undefined) throw new Error(`nothing was asked for ${eventName}`);
  return { entry, question, context: readContext(text) };
}

test('keeps beside the event each action, resource, tag and condition key that policies were asked about', async () => {
  await castellan.iam().createUser({ UserName: 'alice', Path: '/team/', Tags: [{ Key: 'dept', Value: 'red' }] });
  const { question, context } = await lastAsked('CreateUser');
  const user = 'arn:aws:iam::111122223333:user/team/alice';
  expect(question.wasAllowed).toBe(true);
  expect(question.accesses.map(({ action, resource, requestTags }) => [action, resource, requestTags])).toEqual([
    ['iam:CreateUser', user, { dept: 'red' }],
  ]);
  expect(context).toMatchObject({ sourceIp: '192.0.2.1', isTls: false, via: [], principal: { kind: 'root', account: castellan.account } });
});

test('says of a refusal that it was one, and gives one client one context', async () => {
  const { AccessKey } = await castellan.iam().createAccessKey({ UserName: 'alice' });
  const alice = castellan.iam({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
  await expect(alice.listUsers({})).rejects.toThrow('not authorized');
  const first = await lastAsked('ListUsers');
  await expect(alice.listUsers({})).rejects.toThrow('not authorized');
  const second = await lastAsked('ListUsers');
  expect(first.question.wasAllowed).toBe(false);
  expect(second.entry.sequence).toBeGreaterThan(first.entry.sequence);
  expect(second.entry.contextId).toBe(first.entry.contextId);
  expect(first.context.principal.arn).toBe('arn:aws:iam::111122223333:user/team/alice');
});

test('names the keys whose values are too long to be kept', async () => {
  const { KeyMetadata } = await castellan.kms().createKey({});
  await castellan.kms().encrypt({
    KeyId: KeyMetadata?.KeyId,
    Plaintext: new TextEncoder().encode('x'),
    EncryptionContext: { short: 'value', long: 'x'.repeat(2_000) },
  });
  const [access] = (await lastAsked('Encrypt')).question.accesses;
  expect(access?.unrecorded).toEqual(['kms:encryptioncontext:long']);
  expect(access?.context).toMatchObject({ 'kms:EncryptionContext:short': 'value', 'kms:EncryptionContextKeys': ['short', 'long'] });
  expect(access?.resourceMode).toBe('key');
});
