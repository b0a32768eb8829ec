// What actions do: a policy is attached, or detached again, with the credentials of the action's execution role. The calls are judged and recorded as
// that role's, so an action can do no more than its role may.
// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-controls.html
import { Fault } from '../../base/fault.ts';
import { callsTo, type SessionCredentials } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import type { Operations as IamOperations } from '../iam/api.gen.ts';
import type { Operations as OrganizationsOperations } from '../organizations/api.gen.ts';
import type { Operations as StsOperations } from '../sts/api.gen.ts';
import type { ActionStatus, EventType } from './api.gen.ts';
import { type ActionRecord, actions, histories } from './records.ts';

const sts = callsTo<StsOperations>('sts');
const iam = callsTo<IamOperations>('iam');
const organizations = callsTo<OrganizationsOperations>('organizations');

/** AWS: the history of an action. Older entries make room. */
const historyMax = 100;

/** Keeps the action in its new status and writes its history. */
export async function enter(
  { transaction, now }: Pick<Context, 'transaction' | 'now'>,
  action: ActionRecord,
  status: ActionStatus,
  event: EventType,
  message: string,
): Promise<ActionRecord> {
  const { account, budget, actionId, nextEntry: entry } = action;
  const changed: ActionRecord = { ...action, status, nextEntry: entry + 1 };
  actions.put(transaction, changed);
  histories.put(transaction, { account, budget, actionId, entry, atMs: now, status, event, message, action: changed });
  if (entry >= historyMax) {
    const [oldest] = await histories.list(transaction, [account, budget, actionId], { limit: 1 });
    if (oldest !== undefined) histories.remove(transaction, oldest.value);
  }
  return changed;
}

/** Attaches what the action says. A failure is a status of the action too. */
export async function execute(context: Context, action: ActionRecord, event: EventType): Promise<ActionRecord> {
  const running = await enter(context, action, 'EXECUTION_IN_PROGRESS', event, 'Execution of the action has started.');
  const problem = await apply(context, action, true);
  return problem === undefined
    ? enter(context, running, 'EXECUTION_SUCCESS', 'SYSTEM', 'The action was executed.')
    : enter(context, running, 'EXECUTION_FAILURE', 'SYSTEM', problem);
}

/** Detaches it again. */
export async function reverse(context: Context, action: ActionRecord, event: EventType): Promise<ActionRecord> {
  const running = await enter(context, action, 'REVERSE_IN_PROGRESS', event, 'Reversal of the action has started.');
  const problem = await apply(context, action, false);
  return problem === undefined
    ? enter(context, running, 'REVERSE_SUCCESS', 'SYSTEM', 'The action was reversed.')
    : enter(context, running, 'REVERSE_FAILURE', 'SYSTEM', problem);
}

/** What went wrong, in the words of whoever refused; the calls before it stand, and a retry leaves them as they are. */
async function apply(context: Context, action: ActionRecord, attaches: boolean): Promise<string | undefined> {
  try {
    const session = { RoleArn: action.roleArn, RoleSessionName: `budgets-${action.actionId}` };
    const { Credentials } = await sts(context, 'AssumeRole', session, { as: 'service' });
    if (Credentials === undefined) throw new Error('AssumeRole gave no credentials');
    const as = { accessKeyId: Credentials.AccessKeyId, sessionToken: Credentials.SessionToken };
    for (const call of callsOf(action, attaches)) await call(context, { as }).catch(unlessDone);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Attached or detached already is what was wanted. */
function unlessDone(error: unknown): void {
  const isDone =
    error instanceof Fault && (error.code === 'DuplicatePolicyAttachmentException' || error.code === 'PolicyNotAttachedException');
  if (!isDone) throw error;
}

interface RoleOptions {
  readonly as: SessionCredentials;
}
type RoleCall = (context: Context, options: RoleOptions) => Promise<unknown>;

function callsOf({ definition }: ActionRecord, attaches: boolean): readonly RoleCall[] {
  const { IamActionDefinition: policy, ScpActionDefinition: guardrail } = definition;
  if (guardrail !== undefined) {
    const { PolicyId, TargetIds } = guardrail;
    return TargetIds.map(
      (TargetId) => (context, options) =>
        organizations(context, attaches ? 'AttachPolicy' : 'DetachPolicy', { PolicyId, TargetId }, options),
    );
  }
  if (policy === undefined) return [];
  const { PolicyArn, Roles = [], Groups = [], Users = [] } = policy;
  return [
    ...Roles.map(
      (role): RoleCall =>
        (context, options) =>
          iam(context, attaches ? 'AttachRolePolicy' : 'DetachRolePolicy', { RoleName: nameOf(role), PolicyArn }, options),
    ),
    ...Groups.map(
      (group): RoleCall =>
        (context, options) =>
          iam(context, attaches ? 'AttachGroupPolicy' : 'DetachGroupPolicy', { GroupName: nameOf(group), PolicyArn }, options),
    ),
    ...Users.map(
      (user): RoleCall =>
        (context, options) =>
          iam(context, attaches ? 'AttachUserPolicy' : 'DetachUserPolicy', { UserName: nameOf(user), PolicyArn }, options),
    ),
  ];
}

/** AWS: names may be given with their paths. */
function nameOf(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}
