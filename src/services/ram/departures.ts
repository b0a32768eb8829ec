// Accounts that have left their organisation: what was shared with them there is taken away for good, though their very next request finds it
// gone (policy-text.ts), and so is what they themselves had shared inside of it. Whoever comes back must be given it again.
import { isRecord } from '../../base/record.ts';
import type { Context } from '../../kit/context.ts';
import type { LedgerReader } from '../../kit/jobs.ts';
import type { LedgerEntry } from '../../store/store.ts';
import { disassociate, standing } from './associations.ts';
import { type AssociationRecord, associations, shares, sharesOfHolder } from './records.ts';
import { servicePrincipal } from './sharing.ts';

export const departures: LedgerReader = {
  name: 'departures',
  async read(events, job) {
    for (const event of events) {
      const account = departed(event);
      if (account === undefined) continue;
      const context = job.contextFor({ account, region: event.region });
      // It may be back already, or in another organisation.
      const standingNow = await context.organizations.standingOf(job.transaction, account, servicePrincipal);
      await takeAway(context, account, standingNow?.organizationId);
      await takeBack(context, account, standingNow?.organizationId);
    }
  },
};

const leavings: ReadonlySet<string> = new Set(['LeaveOrganization', 'DeleteOrganization', 'RemoveAccountFromOrganization']);

function departed(event: LedgerEntry): string | undefined {
  if (event.eventSource !== 'organizations.amazonaws.com' || !leavings.has(event.eventName)) return undefined;
  const record: unknown = JSON.parse(event.record);
  if (!isRecord(record) || record['errorCode'] !== undefined) return undefined;
  if (event.eventName !== 'RemoveAccountFromOrganization') return event.account;
  const parameters = record['requestParameters'];
  const account = isRecord(parameters) ? parameters['accountId'] : undefined;
  return typeof account === 'string' ? account : undefined;
}

/** What others had shared with it inside the organisation. */
async function takeAway(context: Context, account: string, organizationId: string | undefined): Promise<void> {
  for (const held of await sharesOfHolder.all(context.transaction, account)) {
    const share = await shares.get(context.transaction, held.account, held.region, held.shareId);
    const association = await associations.get(context.transaction, held.account, held.region, held.shareId, 'PRINCIPAL', held.entity);
    if (share?.retains === false && association !== undefined) await end(context, association, organizationId);
  }
}

/** What it had shared itself. */
async function takeBack(context: Context, account: string, organizationId: string | undefined): Promise<void> {
  for (const share of await shares.all(context.transaction, account)) {
    for (const association of await standing(context, share, 'PRINCIPAL')) await end(context, association, organizationId);
  }
}

async function end(context: Context, association: AssociationRecord, organizationId: string | undefined): Promise<void> {
  const inside = association.holder?.organizationId;
  if (inside === undefined || inside === organizationId) return;
  await disassociate(context, association, { status: 'DISASSOCIATED', message: 'The account has left the organization.' });
}
