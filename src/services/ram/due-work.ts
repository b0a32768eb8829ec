// What happens by itself when its time has come: invitations run out, and what was deleted is forgotten.
import { dueWork, type JobContext } from '../../kit/jobs.ts';
import { tokens } from './idempotency.ts';
import { forgetInvitation } from './invitation-state.ts';
import { endInvitation } from './invitations.ts';
import { associations, type DueRecord, due, invitations, permissions, shares, versions } from './records.ts';

export const dueJob = dueWork({ name: 'due-work', everyMs: 10_000, records: due, dueAtMs: (item) => item.dueAtMs, batch: 100, perform });

async function perform(job: JobContext, { what, key }: DueRecord): Promise<void> {
  const { transaction } = job;
  const [account = '', region = '', id = '', ...more] = key;
  switch (what) {
    case 'expire-invitation': {
      const invitation = await invitations.get(transaction, account, region, id);
      if (invitation?.status === 'PENDING') await endInvitation(job.contextFor({ account, region }), invitation, 'EXPIRED');
      return;
    }
    case 'forget-invitation':
      return forgetInvitation(job, { account, region, invitationId: id });
    case 'forget-share': {
      const share = await shares.get(transaction, account, region, id);
      if (share?.isDeleted === true) shares.remove(transaction, share);
      return;
    }
    case 'forget-association': {
      const association = await associations.get(transaction, account, region, id, ...more);
      // It may have been associated again.
      if (association?.status === 'DISASSOCIATED' || association?.status === 'FAILED') associations.remove(transaction, association);
      return;
    }
    case 'forget-permission':
      return forgetPermission(job, key);
    case 'forget-token': {
      const token = await tokens.get(transaction, ...key);
      if (token !== undefined) tokens.remove(transaction, token);
      return;
    }
  }
}

/** One version of it, where that is named. */
async function forgetPermission({ transaction }: JobContext, key: readonly string[]): Promise<void> {
  const [account = '', region = '', name = '', wanted] = key;
  const permission = await permissions.get(transaction, account, region, name);
  if (wanted === undefined && permission?.isDeleted !== true) return;
  for (const version of await versions.all(transaction, account, region, name)) {
    if (wanted === undefined || (version.isDeleted && String(version.version).padStart(15, '0') === wanted))
      versions.remove(transaction, version);
  }
  if (wanted === undefined && permission !== undefined) permissions.remove(transaction, permission);
}
