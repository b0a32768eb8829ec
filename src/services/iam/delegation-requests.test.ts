// Delegation requests through the whole pipeline: from the account that asks to the identity that decides.
import type { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let owner: IAM;
let partner: IAM;
let template: string;
beforeAll(async () => {
  castellan = await startInProcess('delegation');
  owner = castellan.iam();
  partner = castellan.iam(await castellan.addAccount('444455556666'));
  const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::@{Bucket}/*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  template = (await partner.createPolicy({ PolicyName: 'template', PolicyDocument })).Policy?.Arn ?? '';
});
afterAll(async () => {
  await castellan.stop();
});

let workflows = 0;
async function ask(more: object = {}): Promise<string> {
  workflows += 1;
  const made = await partner.createDelegationRequest({
    Description: 'reads a bucket',
    Permissions: { PolicyTemplateArn: template, Parameters: [{ Name: 'Bucket', Values: ['logs'], Type: 'string' }] },
    RequestorWorkflowId: `workflow-${workflows}`,
    NotificationChannel: 'arn:aws:sns:us-east-1:444455556666:topic',
    SessionDuration: 3_600,
    ...more,
  });
  return made.DelegationRequestId ?? '';
}

const stateOf = async (DelegationRequestId: string) => (await owner.getDelegationRequest({ DelegationRequestId })).DelegationRequest?.State;

test('a request is taken up, noted, accepted and finalised', async () => {
  const DelegationRequestId = await ask();
  await expect(owner.acceptDelegationRequest({ DelegationRequestId })).rejects.toThrow(
    'The delegation request is in the state UNASSIGNED.',
  );
  await owner.associateDelegationRequest({ DelegationRequestId });
  await owner.updateDelegationRequest({ DelegationRequestId, Notes: 'please' });
  expect(await stateOf(DelegationRequestId)).toBe('PENDING_APPROVAL');
  await owner.acceptDelegationRequest({ DelegationRequestId });
  await owner.sendDelegationToken({ DelegationRequestId });
  const { DelegationRequest: request } = await owner.getDelegationRequest({ DelegationRequestId });
  expect(request).toMatchObject({
    State: 'FINALIZED',
    OwnerId: 'arn:aws:iam::111122223333:root',
    ApproverId: 'arn:aws:iam::111122223333:root',
    RequestorId: '444455556666',
    Notes: 'please',
  });
  expect(JSON.parse(request?.PermissionPolicy ?? '').Statement[0].Resource).toBe('arn:aws:s3:::logs/*');
  await expect(owner.rejectDelegationRequest({ DelegationRequestId })).rejects.toThrow('is in the state FINALIZED');
  const { DelegationRequests: listed } = await owner.listDelegationRequests({});
  expect(listed?.map((each) => each.DelegationRequestId)).toEqual([DelegationRequestId]);
});

test('a rejected request stays rejected and expires, and one for an account is nobody else’s', async () => {
  const DelegationRequestId = await ask({ OwnerAccountId: '111122223333' });
  await expect(partner.associateDelegationRequest({ DelegationRequestId })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  await owner.associateDelegationRequest({ DelegationRequestId });
  await owner.rejectDelegationRequest({ DelegationRequestId, Notes: 'no' });
  await expect(owner.acceptDelegationRequest({ DelegationRequestId })).rejects.toThrow('is in the state REJECTED');
  castellan.clock.advance(7 * 86_400_000);
  expect(await stateOf(DelegationRequestId)).toBe('EXPIRED');
});

test.each([
  [{ RequestorWorkflowId: 'workflow-1' }, 'EntityAlreadyExistsException'],
  [{ Permissions: { PolicyTemplateArn: 'arn:aws:iam::444455556666:policy/none' } }, 'InvalidInputException'],
])('a request is refused with %j', async (wrong, name) => {
  await expect(ask(wrong)).rejects.toMatchObject({ name });
});

test('a parameter’s value cannot add to the policy', async () => {
  const value = 'x/*","Action":"*","NotResource":"y';
  const DelegationRequestId = await ask({
    Permissions: { PolicyTemplateArn: template, Parameters: [{ Name: 'Bucket', Values: [value], Type: 'string' }] },
  });
  const { DelegationRequest: request } = await owner.getDelegationRequest({ DelegationRequestId });
  expect(JSON.parse(request?.PermissionPolicy ?? '').Statement[0]).toEqual({
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${value}/*`,
  });
});

test('no summary is written, and that is said', async () => {
  const EntityArn = `arn:aws:iam::111122223333:delegation-request/${await ask()}`;
  expect(await owner.getHumanReadableSummary({ EntityArn, Locale: 'en' })).toMatchObject({ SummaryState: 'NOT_SUPPORTED', Locale: 'en' });
});
