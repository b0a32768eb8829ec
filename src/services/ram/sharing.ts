// Sharing inside an organisation: whether it is on, and for whom. Principals of the own organisation then need no invitation.
// https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html#getting-started-sharing-orgs
import { Fault } from '../../base/fault.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Scope } from '../../kit/context.ts';
import type { OrganizationDirectory, PrincipalDirectory } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import type { Operations as IamOperations } from '../iam/api.gen.ts';
import type { Operations as OrganizationsOperations } from '../organizations/api.gen.ts';
import { notPermitted, operation } from './service.ts';

export const servicePrincipal = 'ram.amazonaws.com';

/** An organisation in which resources can be shared. */
export interface SharingOrganization {
  readonly organizationId: string;
  readonly managementAccount: string;
}

export interface SharingParts {
  readonly partition: string;
  readonly transaction: Transaction;
  readonly organizations: Pick<OrganizationDirectory, 'standingOf'>;
  readonly principals: Pick<PrincipalDirectory, 'role'>;
}

/** The account's organisation, as far as sharing in it is on. */
export async function sharingOrganization(parts: SharingParts, account: string): Promise<SharingOrganization | undefined> {
  const { transaction, organizations, principals } = parts;
  const standing = await organizations.standingOf(transaction, account, servicePrincipal);
  if (standing === undefined || !standing.isServiceTrusted) return undefined;
  // AWS: trusted access by itself is not enough; RAM looks at the organisation with its own role.
  const role = await principals.role(transaction, roleArn(parts.partition, standing.managementAccount));
  if (role === undefined) return undefined;
  return { organizationId: standing.organizationId, managementAccount: standing.managementAccount };
}

function roleArn(partition: string, account: string): string {
  return `arn:${partition}:iam::${account}:role/aws-service-role/${servicePrincipal}/AWSServiceRoleForResourceAccessManager`;
}

const iam = callsTo<IamOperations>('iam');
const organizations = callsTo<OrganizationsOperations>('organizations');

export const EnableSharingWithAwsOrganization = operation('EnableSharingWithAwsOrganization', {
  access: () => ({ action: 'ram:EnableSharingWithAwsOrganization', resource: '*' }),
  async handle(_, context) {
    await requireManagementAccount(context);
    try {
      await organizations(context, 'EnableAWSServiceAccess', { ServicePrincipal: servicePrincipal });
    } catch (error) {
      if (error instanceof Fault && error.code === 'ConstraintViolationException') throw notPermitted(error.message);
      throw error;
    }
    const { transaction, principals, partition, account } = context;
    if ((await principals.role(transaction, roleArn(partition, account))) === undefined) {
      await iam(context, 'CreateServiceLinkedRole', { AWSServiceName: servicePrincipal });
    }
    return { returnValue: true };
  },
});

async function requireManagementAccount({ transaction, organizations: directory, account }: Scope): Promise<void> {
  const standing = await directory.standingOf(transaction, account, servicePrincipal);
  if (standing?.managementAccount !== account) {
    throw notPermitted('Only the management account of an organization can enable sharing with AWS Organizations.');
  }
}

export const sharingOperations = [EnableSharingWithAwsOrganization];
