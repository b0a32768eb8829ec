// New accounts. AWS answers at once and creates in the background; here the account is there when the answer is, which still says IN_PROGRESS.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create.html
import { accountOfEmail, newAccountId, saveProfile } from '../../kit/account-directory.ts';
import type { Context } from '../../kit/context.ts';
import type { CreateAccountFailureReason, CreateAccountRequest, CreateAccountStatus } from './api.gen.ts';
import { listPage } from './listing.ts';
import { addMember } from './membership.ts';
import { quotas } from './quotas.ts';
import { type CreationRecord, creationOrder, creations, type OrganizationRecord } from './records.ts';
import { constraint, fault, invalidInput, shortId } from './service.ts';
import { ensureServiceLinkedRole, trustIn } from './service-role.ts';
import { organizationOperation } from './standing.ts';
import { checkedTags, putTags } from './tags.ts';
import { countOf, rootNode } from './tree.ts';

function statusShape(record: CreationRecord): CreateAccountStatus {
  const { requestId, accountName, state, requestedAtMs, completedAtMs, account, failureReason } = record;
  return {
    Id: requestId,
    AccountName: accountName,
    State: state,
    RequestedTimestamp: requestedAtMs,
    ...(completedAtMs === undefined ? {} : { CompletedTimestamp: completedAtMs }),
    ...(account === undefined ? {} : { AccountId: account }),
    ...(failureReason === undefined ? {} : { FailureReason: failureReason }),
  };
}

export const CreateAccount = organizationOperation('CreateAccount', {
  who: 'management',
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const { transaction, ids, now } = context;
    const { organizationId } = organization;
    if (/^AWSServiceRoleFor/i.test(input.RoleName ?? '')) {
      throw invalidInput(
        'INVALID_ROLE_NAME',
        "You provided a role name that isn't valid. A role name can't begin with the reserved prefix AWSServiceRoleFor.",
      );
    }
    const tags = checkedTags(input.Tags);
    if ((await countOf(transaction, organization, 'accounts')) >= quotas.accounts) {
      throw constraint('ACCOUNT_NUMBER_LIMIT_EXCEEDED', 'You have exceeded the allowed number of AWS accounts.');
    }
    const failureReason = await failureOf(context, input.Email);
    const account = failureReason === undefined ? await open(context, organization, input) : undefined;
    if (account !== undefined) putTags(transaction, organization, account, tags);
    const record: CreationRecord = {
      organizationId,
      requestId: `car-${shortId(ids, 32)}`,
      accountName: input.AccountName,
      state: failureReason === undefined ? 'SUCCEEDED' : 'FAILED',
      requestedAtMs: now,
      completedAtMs: now,
      account,
      failureReason,
    };
    creations.put(transaction, record);
    creationOrder.put(transaction, record);
    context.serviceEvent({
      eventName: 'CreateAccountResult',
      readOnly: false,
      serviceEventDetails: { createAccountStatus: eventDetails(record) },
    });
    const { Id, AccountName, RequestedTimestamp, AccountId } = statusShape(record);
    return { CreateAccountStatus: { Id, AccountName, State: 'IN_PROGRESS', RequestedTimestamp, AccountId } };
  },
});

function eventDetails({ requestId, state, account, failureReason, requestedAtMs, completedAtMs }: CreationRecord) {
  return {
    id: requestId,
    state,
    accountName: '****',
    accountId: account,
    failureReason,
    requestedTimestamp: requestedAtMs,
    completedTimestamp: completedAtMs,
  };
}

async function failureOf(context: Context, email: string): Promise<CreateAccountFailureReason | undefined> {
  if (!isAddress(email)) return 'INVALID_EMAIL';
  return (await accountOfEmail(context.transaction, email)) === undefined ? undefined : 'EMAIL_ALREADY_EXISTS';
}

/** AWS's own rules, narrower than the standard's. */
function isAddress(email: string): boolean {
  if (!/^[\u0021-\u007e]+$/.test(email) || email.split('@').length !== 2) return false;
  const [local = '', domain = ''] = email.split('@');
  if (/[\s"'()<>[\]:;,\\|%&]/.test(local) || /^[.]/.test(local)) return false;
  return /^[A-Za-z0-9.-]+$/.test(domain) && /^[^-.]/.test(domain) && /[^-.]$/.test(domain) && domain.includes('.');
}

async function open(context: Context, organization: OrganizationRecord, input: CreateAccountRequest): Promise<string> {
  const { transaction, ids, now, principals, partition } = context;
  const account = await newAccountId(transaction, ids);
  await saveProfile(transaction, { account, name: input.AccountName, email: input.Email, createdAtMs: now });
  await principals.openAccount(transaction, account, now);
  await addMember(context, organization, { account, parent: rootNode(organization), joinedMethod: 'CREATED', state: 'ACTIVE' });
  await principals.addRole(transaction, {
    account,
    path: '/',
    roleName: input.RoleName ?? 'OrganizationAccountAccessRole',
    description: undefined,
    trust: trustIn({ AWS: `arn:${partition}:iam::${organization.managementAccount}:root` }),
    policyArns: [`arn:${partition}:iam::aws:policy/AdministratorAccess`],
    ids,
    now,
  });
  if (organization.featureSet === 'ALL') await ensureServiceLinkedRole(context, account);
  return account;
}

export const CreateGovCloudAccount = organizationOperation('CreateGovCloudAccount', {
  who: 'management',
  tags: ({ Tags }) => Tags,
  handle() {
    throw constraint(
      'MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED',
      'To complete this operation, the management account must have an associated account in the AWS GovCloud (US-West) Region. For more information, see AWS Organizations in the AWS GovCloud User Guide.',
    );
  },
});

export const DescribeCreateAccountStatus = organizationOperation('DescribeCreateAccountStatus', {
  who: 'readers',
  async handle(input, context, { organizationId }) {
    const record = await creations.get(context.transaction, organizationId, input.CreateAccountRequestId);
    if (record === undefined) {
      throw fault('CreateAccountStatusNotFoundException', "You specified a create account request that doesn't exist.");
    }
    return { CreateAccountStatus: statusShape(record) };
  },
});

export const ListCreateAccountStatus = organizationOperation('ListCreateAccountStatus', {
  who: 'readers',
  async handle(input, context, { organizationId }) {
    const { transaction } = context;
    // Few requests differ in state, so the page is filtered after it was read.
    const page = await listPage(context, creationOrder, [organizationId], input);
    const records = await Promise.all(page.items.map(({ requestId }) => creations.get(transaction, organizationId, requestId)));
    const isWanted = (record: CreationRecord) => (input.States?.length ?? 0) === 0 || input.States?.includes(record.state) === true;
    const wanted = records.filter((record) => record !== undefined).filter(isWanted);
    return { CreateAccountStatuses: wanted.map(statusShape), ...page.state };
  },
});

export const accountCreationOperations = [CreateAccount, CreateGovCloudAccount, DescribeCreateAccountStatus, ListCreateAccountStatus];
