// Outbound web identity federation: whether the account's principals may have JSON Web Tokens from sts:GetWebIdentityToken, and the issuer in them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
import type { Scope } from '../../kit/context.ts';
import { outboundIssuerUrl } from '../../kit/outbound-issuer.ts';
import type { Transaction } from '../../store/store.ts';
import { type OutboundFederationRecord, outboundFederations, outboundIssuers } from './records.ts';
import { fault, operation } from './service.ts';

/** The id in the account's issuer URL, while the feature is enabled. */
export async function outboundIssuerId(transaction: Transaction, account: string): Promise<string | undefined> {
  const record = await outboundFederations.get(transaction, account);
  return record?.isEnabled === true ? record.issuerId : undefined;
}

/** Whether an account had, or has, this issuer: its tokens are to be checked for as long as they hold. */
export async function isOutboundIssuer(transaction: Transaction, issuerId: string): Promise<boolean> {
  return (await outboundIssuers.get(transaction, issuerId)) !== undefined;
}

/** @throws Fault FeatureDisabled */
async function requireEnabled({ transaction, account }: Scope): Promise<OutboundFederationRecord> {
  const record = await outboundFederations.get(transaction, account);
  if (record?.isEnabled !== true) throw fault('FeatureDisabled', 'Outbound web identity federation is not enabled for this account.');
  return record;
}

export const outboundFederationOperations = [
  operation('EnableOutboundWebIdentityFederation', {
    access: () => ({ action: 'iam:EnableOutboundWebIdentityFederation', resource: '*' }),
    async handle(_input, context) {
      const { transaction, account, ids, publicUrl } = context;
      const before = await outboundFederations.get(transaction, account);
      if (before?.isEnabled === true)
        throw fault('FeatureEnabled', 'Outbound web identity federation is already enabled for this account.');
      // The issuer stays the same when the feature is enabled again, because others trust it by its name.
      const issuerId = before?.issuerId ?? ids.uuid();
      outboundFederations.put(transaction, { account, issuerId, isEnabled: true });
      outboundIssuers.put(transaction, { account, issuerId });
      return { IssuerIdentifier: outboundIssuerUrl(publicUrl, issuerId) };
    },
  }),
  operation('DisableOutboundWebIdentityFederation', {
    access: () => ({ action: 'iam:DisableOutboundWebIdentityFederation', resource: '*' }),
    async handle(_input, context) {
      outboundFederations.put(context.transaction, { ...(await requireEnabled(context)), isEnabled: false });
      return {};
    },
  }),
  operation('GetOutboundWebIdentityFederationInfo', {
    access: () => ({ action: 'iam:GetOutboundWebIdentityFederationInfo', resource: '*' }),
    async handle(_input, context) {
      const { issuerId } = await requireEnabled(context);
      return { IssuerIdentifier: outboundIssuerUrl(context.publicUrl, issuerId), JwtVendingEnabled: true };
    },
  }),
];
