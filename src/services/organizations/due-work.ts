// What happens by itself when its time has come: closures, and handshakes that nobody answered.
import { dueWork, type JobContext } from '../../kit/jobs.ts';
import { suspendAccount } from './accounts.ts';
import { expireHandshake, forgetHandshake } from './handshake-state.ts';
import { removeMember } from './membership.ts';
import { type DueRecord, due, members, organizations } from './records.ts';

export const dueJob = dueWork({ name: 'due-work', everyMs: 10_000, records: due, dueAtMs: (item) => item.dueAtMs, batch: 100, perform });

async function perform(job: JobContext, item: DueRecord): Promise<void> {
  switch (item.what) {
    case 'expire-handshake':
      return expireHandshake(job, item.id);
    case 'forget-handshake':
      return forgetHandshake(job, item.id);
    case 'suspend-account':
    case 'close-account': {
      const member = await members.get(job.transaction, item.id);
      const organization = member === undefined ? undefined : await organizations.get(job.transaction, member.organizationId);
      if (member === undefined || organization === undefined) return;
      const context = job.contextFor({ account: organization.managementAccount, region: 'us-east-1' });
      if (item.what === 'suspend-account') await suspendAccount(context, member, item.dueAtMs);
      else await removeMember(context, organization, member);
    }
  }
}
