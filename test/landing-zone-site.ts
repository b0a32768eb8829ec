// An installation in this process on which a landing zone is built, through the pipeline and the public APIs.
import { readFileSync } from 'node:fs';
import { type ApiCredentials, createApi, memberOf, type Send, textIn } from '../src/landing-zone/api.ts';
import { parseZoneFile } from '../src/landing-zone/file.ts';
import { type Plan, performPlan, planZone } from '../src/landing-zone/plan.ts';
import { type BuilderKey, openWorld, type World } from '../src/landing-zone/world.ts';
import { type ClientCredentials, type InProcess, startInProcess } from './in-process.ts';

// The SDK's requests come from 192.0.2.1 here.
export const defaultText = readFileSync(new URL('../src/landing-zone/default.yaml', import.meta.url), 'utf8').replace(
  '127.0.0.0/8',
  '127.0.0.0/8, 192.0.2.0/24',
);
export const nothing = () => undefined;

export interface Site {
  readonly castellan: InProcess;
  readonly builderKey: BuilderKey;
}

export async function startSite(name: string): Promise<Site> {
  let key: ApiCredentials | undefined;
  const builderKey = {
    read: () => key,
    write: (credentials: ApiCredentials | undefined) => {
      key = credentials;
    },
  };
  return { castellan: await startInProcess(name), builderKey };
}

export async function open({ castellan, builderKey }: Site, text = defaultText, send?: Send): Promise<World> {
  const file = await parseZoneFile(text, { name: 'zone.yaml', readFile: nothingThere });
  const straight: Send = (request) => castellan.send({ ...request, sourceIp: '10.0.0.1' }, clientCredentials(request.credentials));
  return openWorld({ api: createApi(send ?? straight, async () => undefined), builderKey, wait: async () => undefined }, file);
}

function nothingThere(): never {
  throw new Error('there is no such file');
}

export function clientCredentials(credentials: ApiCredentials | undefined): ClientCredentials | undefined {
  if (credentials === undefined) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

export async function plan(site: Site, text?: string): Promise<Plan> {
  return planZone(await open(site, text), { goal: 'apply' });
}

export async function apply(site: Site, text?: string, send?: Send): Promise<World> {
  const world = await open(site, text, send);
  await performPlan(world, await planZone(world, { goal: 'apply', prepare: nothing }), nothing);
  return world;
}

/** Addresses and what happens to them. */
export function changed({ changes }: Plan): Readonly<Record<string, string>> {
  return Object.fromEntries(
    changes
      .filter(({ action }) => action !== 'same')
      .map(({ action, address, differences }) => [
        address,
        action === 'change' ? `change ${differences.map(({ property }) => property).join(' ')}` : action,
      ]),
  );
}

/** Requests of all accounts that wrote something. */
export async function writes({ castellan }: Site): Promise<number> {
  const events = await castellan.store.transact((transaction) => transaction.events({ limit: 5_000 }));
  return events.filter(({ readOnly }) => !readOnly).length;
}

/** A session of a role, as whoever these credentials are. */
export async function assume(world: World, who: ApiCredentials | undefined, RoleArn: string): Promise<ClientCredentials> {
  const input = { RoleArn, RoleSessionName: 'by-hand' };
  const session = memberOf(await world.api({ service: 'sts', operation: 'AssumeRole', input, credentials: who }), 'Credentials') ?? {};
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) =>
    textIn(session, name),
  );
  return { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '', sessionToken: sessionToken ?? '' };
}

/** With the role by which the management account enters an account. */
export function inside({ builderKey }: Site, world: World, account: string): Promise<ClientCredentials> {
  return assume(world, builderKey.read(), `arn:aws:iam::${world.accounts.get(account) ?? ''}:role/OrganizationAccountAccessRole`);
}
