// Trusted access: which AWS services may see the organisation and act in its accounts; and members that administer a service for all.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
import type { PolicyType } from './api.gen.ts';
import { listPage } from './listing.ts';
import { serviceAccess } from './records.ts';
import { constraint, invalidInput } from './service.ts';
import { organizationOperation } from './standing.ts';

/** AWS: policies of these types need trusted access of the service that reads them. */
export const policyTypeServices: Readonly<Partial<Record<PolicyType, string>>> = { SECURITYHUB_POLICY: 'securityhub.amazonaws.com' };

/** @throws Fault InvalidInputException */
export function requireServicePrincipal(name: string): void {
  if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/.test(name)) {
    throw invalidInput('UNRECOGNIZED_SERVICE_PRINCIPAL', 'You specified an unrecognized service principal.');
  }
}

function keyOf(input: { readonly ServicePrincipal: string }) {
  return [{ arn: '*' as const, context: { 'organizations:ServicePrincipal': input.ServicePrincipal } }];
}

export const EnableAWSServiceAccess = organizationOperation('EnableAWSServiceAccess', {
  who: 'management',
  on: keyOf,
  async handle({ ServicePrincipal }, { transaction, now }, { organizationId, featureSet }) {
    requireServicePrincipal(ServicePrincipal);
    if (featureSet !== 'ALL') {
      throw constraint(
        'ORGANIZATION_NOT_IN_ALL_FEATURES_MODE',
        'Your organization must have all features enabled to perform this operation.',
      );
    }
    // AWS: enabling it again changes nothing, not even its date.
    const known = await serviceAccess.get(transaction, organizationId, ServicePrincipal);
    if (known === undefined) serviceAccess.put(transaction, { organizationId, servicePrincipal: ServicePrincipal, atMs: now });
    return {};
  },
});

export const DisableAWSServiceAccess = organizationOperation('DisableAWSServiceAccess', {
  who: 'management',
  on: keyOf,
  handle({ ServicePrincipal }, { transaction }, { organizationId, policyTypes }) {
    requireServicePrincipal(ServicePrincipal);
    const isNeeded = Object.entries(policyTypeServices).some(([type, service]) => service === ServicePrincipal && type in policyTypes);
    if (isNeeded) {
      throw constraint(
        'POLICY_TYPE_ENABLED_FOR_THIS_SERVICE',
        'You must disable the policy type of the service before you can disable its access.',
      );
    }
    serviceAccess.remove(transaction, { organizationId, servicePrincipal: ServicePrincipal, atMs: 0 });
    return {};
  },
});

export const ListAWSServiceAccessForOrganization = organizationOperation('ListAWSServiceAccessForOrganization', {
  who: 'readers',
  async handle(input, context, { organizationId }) {
    const page = await listPage(context, serviceAccess, [organizationId], input);
    const EnabledServicePrincipals = page.items.map(({ servicePrincipal, atMs }) => ({
      ServicePrincipal: servicePrincipal,
      DateEnabled: atMs,
    }));
    return { EnabledServicePrincipals, ...page.state };
  },
});

export const serviceAccessOperations = [EnableAWSServiceAccess, DisableAWSServiceAccess, ListAWSServiceAccessForOrganization];
