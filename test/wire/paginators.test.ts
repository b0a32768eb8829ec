// Every paginator that botocore has for the tagging API, resource groups, budgets, Cost Explorer and account management; and account management
// through the AWS CLI, with the mail that `castellan mail` shows. None of these services has a waiter.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
const hasCli = isInstalled('aws');
if (!hasBoto) console.warn('skipped: boto3 is not installed (`pip install boto3`)');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

let server: ServerProcess;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = temporaryDirectory('paginators');
  server = await startServerProcess({ dataDir: directory.path, arguments: ['--allow-time-travel'] });
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

test.skipIf(!hasBoto)(
  'every paginator of boto3 gives in the smallest pages what it gives in large ones',
  { timeout: 120_000 },
  async () => {
    const finished = await run('python3', [`${projectRoot}/test/wire/paginators.py`], clientEnvironment(server));
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      get_resources: 3,
      get_tag_keys: 5,
      get_tag_values: 3,
      get_compliance_summary: 2,
      list_required_tags: 3,
      list_groups: 5,
      list_group_resources: 3,
      search_resources: 3,
      list_grouping_statuses: 3,
      list_tag_sync_tasks: 2,
      describe_budgets: 3,
      describe_notifications_for_budget: 3,
      describe_subscribers_for_notification: 3,
      describe_budget_notifications_for_account: 3,
      describe_budget_actions_for_account: 3,
      describe_budget_actions_for_budget: 3,
      describe_budget_action_histories: 3,
      list_cost_category_definitions: 3,
      get_anomaly_monitors: 3,
      get_anomalies: 0,
      list_regions: 34,
    });
    // Usage is metered every ten minutes.
    await run('node', ['bin/castellan.js', 'time', 'advance', '11m', '--data-dir', server.dataDir], {});
    const metered = await run('python3', [`${projectRoot}/test/wire/paginators.py`, 'metered'], clientEnvironment(server));
    expect(metered.stderr).toBe('');
    expect(JSON.parse(metered.stdout)).toEqual({ list_cost_allocation_tags: 5 });
  },
);

test.skipIf(!hasCli)(
  'the AWS CLI keeps contacts, changes regions, and changes an address with the code from `castellan mail`',
  async () => {
    const aws = async (...parameters: readonly string[]) => {
      const { stdout, stderr } = await run('aws', ['account', ...parameters, '--output', 'json'], clientEnvironment(server));
      return stderr.trim() === '' ? JSON.parse(stdout || '{}') : /\((\w+)\)/.exec(stderr)?.[1];
    };
    const contact = {
      FullName: 'Ada Lovelace',
      AddressLine1: '12 St James Square',
      City: 'London',
      PostalCode: 'SW1Y 4JH',
      CountryCode: 'GB',
      StateOrRegion: 'London',
      PhoneNumber: '+44 20 7946 0000',
    };
    expect(await aws('get-contact-information')).toBe('ResourceNotFoundException');
    await aws('put-contact-information', '--contact-information', JSON.stringify(contact));
    expect(await aws('get-contact-information')).toEqual({ ContactInformation: contact });
    const security = ['--alternate-contact-type', 'SECURITY'];
    const named = ['--name', 'Grace', '--title', 'Officer', '--email-address', 'grace@example.org', '--phone-number', '+1 555 0100'];
    await aws('put-alternate-contact', ...security, ...named);
    expect(await aws('get-alternate-contact', ...security)).toMatchObject({ AlternateContact: { Name: 'Grace' } });
    await aws('delete-alternate-contact', ...security);
    expect(await aws('get-alternate-contact', ...security)).toBe('ResourceNotFoundException');
    expect(await aws('enable-region', '--region-name', 'us-east-1')).toBe('ValidationException');
    await aws('enable-region', '--region-name', 'af-south-1');
    expect(await aws('get-region-opt-status', '--region-name', 'af-south-1')).toMatchObject({ RegionOptStatus: 'ENABLING' });
    expect((await aws('list-regions', '--page-size', '5')).Regions).toHaveLength(34);

    const organizations = async (...parameters: readonly string[]) => {
      const { stdout } = await run('aws', ['organizations', ...parameters, '--output', 'json'], clientEnvironment(server));
      return JSON.parse(stdout || '{}');
    };
    await organizations('create-organization');
    await organizations('enable-aws-service-access', '--service-principal', 'account.amazonaws.com');
    await organizations('create-account', '--account-name', 'member', '--email', 'member@example.org');
    const { Accounts } = await organizations('list-accounts', '--query', "{Accounts: Accounts[?Name=='member'].Id}");
    const update = ['--account-id', String(Accounts[0]), '--primary-email', 'new@example.org'];
    expect(await aws('start-primary-email-update', ...update)).toEqual({ Status: 'PENDING' });
    const mail = async (...parameters: readonly string[]) =>
      (await run('node', ['bin/castellan.js', 'mail', ...parameters, '--data-dir', server.dataDir], {})).stdout;
    expect(await mail('somebody@example.org')).toContain('there is no mail to pass on');
    const code = /: ([A-Za-z0-9]{6})\n/.exec(await mail('new@example.org'))?.[1] ?? '';
    expect(await aws('accept-primary-email-update', ...update, '--otp', 'wrong1')).toBe('ValidationException');
    expect(await aws('accept-primary-email-update', ...update, '--otp', code)).toEqual({ Status: 'ACCEPTED' });
    expect(await aws('get-primary-email', '--account-id', String(Accounts[0]))).toEqual({ PrimaryEmail: 'new@example.org' });
    expect(JSON.parse(await mail('--json'))).toEqual([]);
  },
);
