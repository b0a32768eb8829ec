// What happens by itself when its time has come: closures, and handshakes that nobody answered.
import type { Job, JobContext } from '../../kit/jobs.ts';
import { suspendAccount } from './accounts.ts';
import { expireHandshake, forgetHandshake } from './handshake-state.ts';
import { removeMember } from './membership.ts';
import { type DueRecord, due, members, organizations } from './records.ts';

const batch = 100;

export const dueWork: Job = {
  name: 'due-work',
  everyMs: 10_000,
  async run(job) {
    const { transaction, now } = job;
    const items = (await due.list(transaction, [], { limit: batch })).map(({ value }) => value).filter(({ dueAtMs }) => dueAtMs <= now);
    for (const item of items) {
      due.remove(transaction, item);
      await perform(job, item);
    }
    return items.length === batch ? 'more' : undefined;
  },
};

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
