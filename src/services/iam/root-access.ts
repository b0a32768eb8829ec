// Centralised root access: which of its two features an organisation has switched on, and who may switch them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
import type { Scope } from '../../kit/context.ts';
import type { OrganizationStanding, RootFeature } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import { rootFeatures } from './records.ts';
import { fault, operation } from './service.ts';

export async function rootFeaturesOf(transaction: Transaction, organizationId: string): Promise<readonly RootFeature[]> {
  return (await rootFeatures.get(transaction, organizationId))?.features ?? [];
}

/** The caller's organisation, if the caller's account may manage root access in it. @throws Fault */
async function requireAdministrator({ transaction, account, organizations }: Scope): Promise<OrganizationStanding> {
  const standing = await organizations.standingOf(transaction, account, 'iam.amazonaws.com');
  if (standing === undefined)
    throw fault('OrganizationNotFoundException', 'The request was rejected because no organization is associated with your account.');
  if (standing.managementAccount !== account && !standing.isDelegatedAdministrator) {
    throw fault(
      'AccountNotManagementOrDelegatedAdministratorException',
      'The request was rejected because the account making the request is not the management account or delegated administrator account for centralized root access.',
    );
  }
  if (!standing.hasAllFeatures) {
    throw fault(
      'OrganizationNotInAllFeaturesModeException',
      'The request was rejected because your organization does not have All features enabled.',
    );
  }
  if (!standing.isServiceTrusted) {
    throw fault(
      'ServiceAccessNotEnabledException',
      'The request was rejected because trusted access is not enabled for IAM in Organizations.',
    );
  }
  return standing;
}

async function switched(scope: Scope, feature: RootFeature, isOn: boolean) {
  const { organizationId } = await requireAdministrator(scope);
  const others = (await rootFeaturesOf(scope.transaction, organizationId)).filter((each) => each !== feature);
  const features = isOn ? [...others, feature].toSorted() : others;
  rootFeatures.put(scope.transaction, { organizationId, features });
  return { OrganizationId: organizationId, EnabledFeatures: features };
}

export const rootAccessOperations = [
  operation('EnableOrganizationsRootCredentialsManagement', {
    access: () => ({ action: 'iam:EnableOrganizationsRootCredentialsManagement', resource: '*' }),
    handle: (_input, context) => switched(context, 'RootCredentialsManagement', true),
  }),
  operation('DisableOrganizationsRootCredentialsManagement', {
    access: () => ({ action: 'iam:DisableOrganizationsRootCredentialsManagement', resource: '*' }),
    handle: (_input, context) => switched(context, 'RootCredentialsManagement', false),
  }),
  operation('EnableOrganizationsRootSessions', {
    access: () => ({ action: 'iam:EnableOrganizationsRootSessions', resource: '*' }),
    handle: (_input, context) => switched(context, 'RootSessions', true),
  }),
  operation('DisableOrganizationsRootSessions', {
    access: () => ({ action: 'iam:DisableOrganizationsRootSessions', resource: '*' }),
    handle: (_input, context) => switched(context, 'RootSessions', false),
  }),
  operation('ListOrganizationsFeatures', {
    access: () => ({ action: 'iam:ListOrganizationsFeatures', resource: '*' }),
    async handle(_input, context) {
      const { organizationId } = await requireAdministrator(context);
      return { OrganizationId: organizationId, EnabledFeatures: await rootFeaturesOf(context.transaction, organizationId) };
    },
  }),
];
