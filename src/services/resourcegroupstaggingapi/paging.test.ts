// Pages of the tagging API: what they promise while resources come and go, and which tokens they take.
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('tag-paging');
});
afterAll(async () => {
  await castellan.stop();
});

const call = async (operation: string, input: Structure) => castellan.call('resourcegroupstaggingapi', operation, input);

interface Page {
  readonly arns: readonly string[];
  readonly token: string;
}

async function page(input: Structure): Promise<Page> {
  const { output } = await call('GetResources', input);
  const list = output['ResourceTagMappingList'] as readonly { readonly ResourceARN: string }[];
  return { arns: list.map(({ ResourceARN }) => ResourceARN), token: String(output['PaginationToken']) };
}

const newSecret = async (Name: string, tags: Readonly<Record<string, string>>) => {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return (await castellan.secretsManager().send(new CreateSecretCommand({ Name, SecretString: 'x', Tags }))).ARN ?? '';
};
const newKey = async (TagValue: string) =>
  (await castellan.kms().createKey({ Tags: [{ TagKey: 'pool', TagValue }] })).KeyMetadata?.Arn ?? '';
const newPolicy = async (PolicyName: string, Value: string) => {
  const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  return (await castellan.iam().createPolicy({ PolicyName, PolicyDocument, Tags: [{ Key: 'pool', Value }] })).Policy?.Arn ?? '';
};
const remove = (arn: string): Promise<unknown> =>
  arn.includes(':secretsmanager:')
    ? castellan.secretsManager().send(new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true }))
    : arn.includes(':iam:')
      ? castellan.iam().deletePolicy({ PolicyArn: arn })
      : castellan.kms().untagResource({ KeyId: arn, TagKeys: ['pool'] });

describe('pages of resources', () => {
  test.each([1, 2, 3, 7])(
    'of %i leave out nothing that stayed and repeat nothing, while resources of all types come and go',
    async (size) => {
      const pool = `size-${size}`;
      const made: string[] = [];
      for (let index = 0; index < 8; index += 1) {
        made.push(await newSecret(`${pool}/${index}`, { pool }), await newKey(pool), await newPolicy(`${pool}-${index}`, pool));
      }
      const left = new Set(made);
      const gone: string[] = [];
      const leave = async (arn: string | undefined) => {
        if (arn === undefined) return;
        await remove(arn);
        left.delete(arn);
        gone.push(arn);
      };
      const seen: string[] = [];
      let token = '';
      let round = 0;
      do {
        const { arns, token: next } = await page({
          TagFilters: [{ Key: 'pool', Values: [pool] }],
          ResourcesPerPage: size,
          PaginationToken: token,
        });
        seen.push(...arns);
        token = next;
        round += 1;
        // The one at which the next page continues goes; one ahead goes; and some come, before and after the position, of every type.
        if (round % 2 === 1) await leave(arns.at(-1));
        if (round % 3 === 0) await leave([...left].find((arn) => !seen.includes(arn)));
        await newSecret(`${pool}/${round % 8}-came-${round}`, { pool });
        await newPolicy(`${pool}-${round % 8}-came-${round}`, pool);
        if (round < 8) await newKey(pool);
      } while (token !== '' && round < 200);
      expect(token).toBe('');
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining([...left]));
      expect(gone.length).toBeGreaterThan(1);
      expect(seen.length).toBeGreaterThan(left.size);
    },
  );

  test('a page with TagsPerPage ends before the resource whose tags would not fit', async () => {
    const tags = Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`k${index}`, 'v']));
    for (const name of ['many/1', 'many/2', 'many/3']) await newSecret(name, tags);
    const request = { TagsPerPage: 100, TagFilters: [{ Key: 'k0' }] };
    const first = await page(request);
    expect(first.arns).toHaveLength(2);
    const second = await page({ ...request, PaginationToken: first.token });
    expect(second.arns).toHaveLength(1);
    expect(second.token).toBe('');
  });
});

describe('a token', () => {
  test('is good for fifteen minutes', async () => {
    const { token: PaginationToken } = await page({ ResourcesPerPage: 1 });
    castellan.clock.advance(14 * 60_000);
    expect((await call('GetResources', { PaginationToken })).status).toBe(200);
    castellan.clock.advance(2 * 60_000);
    expect(await call('GetResources', { PaginationToken })).toMatchObject({ error: 'PaginationTokenExpiredException' });
  });

  test('continues its own query only, in pages of any size', async () => {
    const filters = { TagFilters: [{ Key: 'pool' }], ResourceTypeFilters: ['secretsmanager'] };
    const { token: PaginationToken } = await page({ ...filters, ResourcesPerPage: 1 });
    expect((await call('GetResources', { ...filters, ResourcesPerPage: 5, PaginationToken })).status).toBe(200);
    const others = [
      {},
      { TagFilters: filters.TagFilters },
      { ...filters, TagFilters: [{ Key: 'pool', Values: ['size-1'] }] },
      { ...filters, ResourceTypeFilters: ['kms'] },
      { ...filters, IncludeComplianceDetails: true },
    ];
    const refused = {
      status: 400,
      error: 'InvalidParameterException',
      output: { Message: 'The specified PaginationToken is invalid.' },
    };
    for (const other of others) expect(await call('GetResources', { ...other, PaginationToken })).toMatchObject(refused);
    expect(await call('GetTagKeys', { PaginationToken })).toMatchObject(refused);
    expect(await call('GetTagValues', { Key: 'pool', PaginationToken })).toMatchObject(refused);
  });

  test('is no good to another account or in another region', async () => {
    const { token: PaginationToken } = await page({ ResourcesPerPage: 1 });
    const stranger = await castellan.addAccount('444455556666');
    const answer = await castellan.call('resourcegroupstaggingapi', 'GetResources', { PaginationToken }, stranger);
    expect(answer).toMatchObject({ error: 'InvalidParameterException' });
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'ResourceGroupsTaggingAPI_20170126.GetResources' };
    const request = { service: 'tagging', headers, body: JSON.stringify({ PaginationToken }) };
    expect(await castellan.send({ ...request, region: 'us-east-1' })).toMatchObject({ status: 200 });
    expect(await castellan.send({ ...request, region: 'eu-west-1' })).toMatchObject({ status: 400 });
  });

  test.each(['x', 'djE6', 'djE6e30', 'djE6bnVsbA', 'djE6eyJpc3N1ZWRBdE1zIjoxfQ'])(
    'that nobody issued (%s) is refused',
    async (PaginationToken) => {
      for (const [operation, more] of [
        ['GetResources', {}],
        ['GetTagKeys', {}],
        ['GetTagValues', { Key: 'pool' }],
      ] as const) {
        expect(await call(operation, { ...more, PaginationToken })).toMatchObject({ status: 400, error: 'InvalidParameterException' });
      }
    },
  );
});
