// Delegation requests: another account asks for temporary access, an identity of this account takes the request up, accepts or rejects it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html

import { wholeSeconds } from '../../base/clock.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import type { DelegationPermission, stateType } from './api.gen.ts';
import { type DelegationRequestRecord, delegationRequests, delegationsOfAccount, delegationWorkflows } from './delegation-records.ts';
import { listPage } from './listing.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { fault, operation } from './service.ts';

const dayMs = 86_400_000;
/** How long a request stays in each state. */
const lifeDays: Readonly<Record<stateType, number>> = {
  UNASSIGNED: 1,
  ASSIGNED: 7,
  PENDING_APPROVAL: 7,
  ACCEPTED: 7,
  REJECTED: 7,
  FINALIZED: 7,
  EXPIRED: 0,
};

function stateOf({ state, expiresAtMs }: DelegationRequestRecord, now: number): stateType {
  return expiresAtMs <= now ? 'EXPIRED' : state;
}

/** The request, where the caller's account may see it at all. @throws Fault NoSuchEntity */
async function requireRequest({ transaction, account }: Scope, id: string): Promise<DelegationRequestRecord> {
  const request = await delegationRequests.get(transaction, id);
  const isVisible = request?.ownerAccount === undefined || request.ownerAccount === account;
  if (request === undefined || !isVisible) throw fault('NoSuchEntity', `Delegation request with id ${id} cannot be found.`);
  return request;
}

function arnOfRequest({ partition, account }: Scope, id: string): ResourceArn<'iam:delegation-request'> {
  return `arn:${partition}:iam::${account}:delegation-request/${id}`;
}

/** AWS: whoever a request is assigned to needs no permission to read, update and send it. */
function onRequest(action: Access['action'], isOwnersByDefault = false) {
  return async (input: { readonly DelegationRequestId: string }, scope: Scope): Promise<Access> => {
    const request = await delegationRequests.get(scope.transaction, input.DelegationRequestId);
    const isOwner = request?.ownerId !== undefined && request.ownerId === scope.caller.principal.arn;
    return {
      action,
      resource: arnOfRequest(scope, input.DelegationRequestId),
      context: { 'iam:DelegationRequestOwner': request?.ownerId },
      ...(isOwner && isOwnersByDefault ? { granted: { name: 'ownership of the delegation request' } } : {}),
    };
  };
}

export const CreateDelegationRequest = operation('CreateDelegationRequest', {
  coverage: 'stored',
  access: (input, scope) => ({
    action: 'iam:CreateDelegationRequest',
    resource: arnOfRequest(scope, '*'),
    context: {
      'iam:TemplateArn': input.Permissions.PolicyTemplateArn,
      'iam:DelegationDuration': String(input.SessionDuration),
      'iam:NotificationChannel': input.NotificationChannel,
    },
  }),
  async handle(input, context) {
    const { transaction, account, ids, now, publicUrl } = context;
    const { RequestorWorkflowId: workflowId } = input;
    if ((await delegationWorkflows.get(transaction, account, workflowId)) !== undefined)
      throw fault('EntityAlreadyExists', `A delegation request with the workflow id ${workflowId} already exists.`);
    const request: DelegationRequestRecord = {
      id: ids.uuid(),
      requestorId: account,
      ownerAccount: input.OwnerAccountId,
      description: input.Description,
      requestMessage: input.RequestMessage,
      permissions: input.Permissions,
      permissionPolicy: await filledTemplate(context, input.Permissions),
      workflowId,
      redirectUrl: input.RedirectUrl,
      notificationChannel: input.NotificationChannel,
      sessionSeconds: input.SessionDuration,
      isSentByOwnerOnly: input.OnlySendByOwner ?? false,
      state: 'UNASSIGNED',
      expiresAtMs: wholeSeconds(now) + lifeDays.UNASSIGNED * dayMs,
      createdAtMs: wholeSeconds(now),
      updatedAtMs: wholeSeconds(now),
    };
    delegationRequests.put(transaction, request);
    delegationWorkflows.put(transaction, { requestorId: account, workflowId, id: request.id });
    return { DelegationRequestId: request.id, ConsoleDeepLink: `${publicUrl}/iam/delegation-requests/${request.id}` };
  },
});

/**
 * Partners of AWS register their templates with it; here a template is a managed policy of the asking account, in whose document `@{Name}`
 * stands for a parameter. @throws Fault InvalidInput
 */
async function filledTemplate(
  context: Context,
  { PolicyTemplateArn: arn = '', Parameters: parameters = [] }: DelegationPermission,
): Promise<string> {
  const template = await findManagedPolicy(context.transaction, arn);
  if (template === undefined || (!template.isAwsManaged && template.record.account !== context.account))
    throw fault('InvalidInput', `The policy template ${arn} does not exist.`);
  let { document } = template;
  for (const { Name: name = '', Type: type, Values: values = [] } of parameters) {
    if (type !== 'stringList' && values.length !== 1) throw fault('InvalidInput', `The policy parameter ${name} must have one value.`);
    // A list takes the place of the quoted placeholder; both are quoted as JSON, so that a value cannot add to the document.
    const text = type === 'stringList' ? JSON.stringify(values) : JSON.stringify(values[0] ?? '').slice(1, -1);
    document = document.replaceAll(type === 'stringList' ? `"@{${name}}"` : `@{${name}}`, () => text);
  }
  const missing = /@\{([^}]*)\}/.exec(document)?.[1];
  if (missing !== undefined) throw fault('InvalidInput', `The policy parameter ${missing} is missing.`);
  return document;
}

/** Writes the request in a new state. @throws Fault InvalidInput when it is in none of the states that lead there. */
async function changed(
  context: Context,
  id: string,
  from: readonly stateType[],
  change: (request: DelegationRequestRecord) => Partial<DelegationRequestRecord> & { readonly state: stateType },
): Promise<void> {
  const { transaction, now } = context;
  const request = await requireRequest(context, id);
  const state = stateOf(request, now);
  if (!from.includes(state)) throw commonFault('InvalidInput', `The delegation request is in the state ${state}.`);
  const made = change(request);
  const expiresAtMs = wholeSeconds(now) + lifeDays[made.state] * dayMs;
  delegationRequests.put(transaction, { ...request, ...made, expiresAtMs, updatedAtMs: wholeSeconds(now) });
}

export const delegationRequestOperations = [
  CreateDelegationRequest,
  operation('AssociateDelegationRequest', {
    access: onRequest('iam:AssociateDelegationRequest'),
    async handle(input, context) {
      const { transaction, account, caller } = context;
      await changed(context, input.DelegationRequestId, ['UNASSIGNED'], () => ({
        state: 'ASSIGNED',
        ownerAccount: account,
        ownerId: caller.principal.arn,
      }));
      delegationsOfAccount.put(transaction, { ownerAccount: account, id: input.DelegationRequestId });
      return {};
    },
  }),
  operation('UpdateDelegationRequest', {
    access: onRequest('iam:UpdateDelegationRequest', true),
    async handle(input, context) {
      const { Notes: notes } = input;
      await changed(context, input.DelegationRequestId, ['ASSIGNED', 'PENDING_APPROVAL'], () => ({ state: 'PENDING_APPROVAL', notes }));
      return {};
    },
  }),
  operation('AcceptDelegationRequest', {
    access: onRequest('iam:AcceptDelegationRequest'),
    async handle(input, context) {
      const approverId = context.caller.principal.arn;
      await changed(context, input.DelegationRequestId, ['ASSIGNED', 'PENDING_APPROVAL'], () => ({ state: 'ACCEPTED', approverId }));
      return {};
    },
  }),
  operation('RejectDelegationRequest', {
    access: onRequest('iam:RejectDelegationRequest'),
    async handle(input, context) {
      const from = ['ASSIGNED', 'PENDING_APPROVAL', 'ACCEPTED'] as const;
      await changed(context, input.DelegationRequestId, from, () => ({ state: 'REJECTED', rejectionReason: input.Notes }));
      return {};
    },
  }),
  operation('SendDelegationToken', {
    // The token would go to the partner's SNS topic, and there is no SNS here.
    coverage: 'stored',
    access: onRequest('iam:SendDelegationToken', true),
    async handle(input, context) {
      await changed(context, input.DelegationRequestId, ['ACCEPTED'], (request) => {
        if (request.isSentByOwnerOnly && request.ownerId !== context.caller.principal.arn)
          throw commonFault('InvalidInput', 'Only the owner of the delegation request can send its token.');
        return { state: 'FINALIZED' };
      });
      return {};
    },
  }),
  operation('GetDelegationRequest', {
    access: onRequest('iam:GetDelegationRequest', true),
    async handle(input, context) {
      const request = await requireRequest(context, input.DelegationRequestId);
      // AWS: the check is an approximation, and UNSURE one of its results.
      const check =
        input.DelegationPermissionCheck === true
          ? { PermissionCheckStatus: 'COMPLETE' as const, PermissionCheckResult: 'UNSURE' as const }
          : {};
      return { DelegationRequest: shapeOf(request, context.now), ...check };
    },
  }),
  operation('ListDelegationRequests', {
    access: (input, scope) => ({
      action: 'iam:ListDelegationRequests',
      resource: '*',
      context: { 'iam:DelegationRequestOwner': input.OwnerId ?? scope.caller.principal.arn },
    }),
    async handle(input, context) {
      const { transaction, account, now } = context;
      const page = await listPage(context, delegationsOfAccount, [account], input);
      const found = await Promise.all(page.items.map(({ id }) => delegationRequests.get(transaction, id)));
      const requests = found.filter(
        (request) => request !== undefined && (input.OwnerId === undefined || request.ownerId === input.OwnerId),
      );
      const { IsTruncated: isTruncated, ...rest } = page.state;
      return {
        DelegationRequests: requests.flatMap((request) => (request === undefined ? [] : [shapeOf(request, now)])),
        isTruncated,
        ...rest,
      };
    },
  }),
  operation('GetHumanReadableSummary', {
    // AWS has a language model write it; here is none, which the operation has a state for.
    coverage: 'stored',
    access: (input) => ({ action: 'iam:GetHumanReadableSummary', resource: resourceNamed<'iam:delegation-request'>(input.EntityArn) }),
    async handle(input, context) {
      const id = /:delegation-request\/([\w-]+)$/.exec(input.EntityArn)?.[1];
      if (id === undefined) throw fault('InvalidInput', 'The only supported entity type is delegation-request.');
      await requireRequest(context, id);
      return { SummaryState: 'NOT_SUPPORTED', ...(input.Locale === undefined ? {} : { Locale: input.Locale }) };
    },
  }),
];

function shapeOf(request: DelegationRequestRecord, now: number) {
  return {
    DelegationRequestId: request.id,
    OwnerAccountId: request.ownerAccount,
    Description: request.description,
    RequestMessage: request.requestMessage,
    Permissions: request.permissions,
    PermissionPolicy: request.permissionPolicy,
    OwnerId: request.ownerId,
    ApproverId: request.approverId,
    State: stateOf(request, now),
    ExpirationTime: request.expiresAtMs,
    RequestorId: request.requestorId,
    CreateDate: request.createdAtMs,
    SessionDuration: request.sessionSeconds,
    RedirectUrl: request.redirectUrl,
    Notes: request.notes,
    RejectionReason: request.rejectionReason,
    OnlySendByOwner: request.isSentByOwnerOnly,
    UpdatedTime: request.updatedAtMs,
  };
}
