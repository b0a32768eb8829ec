// `castellan landing-zone plan|apply|destroy [FILE]`: accounts, guardrails, roles, people and keys from one file, through the public APIs.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Secret } from '../base/secret.ts';
import { type ApiCredentials, createApi, isForbidden, RefusedCall } from '../landing-zone/api.ts';
import { FileProblems, parseZoneFile, type ZoneFile } from '../landing-zone/file.ts';
import { type Kept, type Plan, type PlanOptions, performPlan, planZone, type Report, stepsOf } from '../landing-zone/plan.ts';
import { profilesOf } from '../landing-zone/profiles.ts';
import { hasChanges, planJson, renderPlan, stepText, summaryOf } from '../landing-zone/render.ts';
import { type BuilderKey, openWorld, type World, ZoneError } from '../landing-zone/world.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';
import { confirmed } from './question.ts';
import { sendSigned } from './service-call.ts';

type Options = Readonly<Record<string, unknown>>;

export const defaultZonePath = fileURLToPath(new URL('../landing-zone/default.yaml', import.meta.url));

/** As terraform's: what a script does next depends on it. */
const changesExitCode = 2;

export async function landingZone(context: CommandContext, [verb, path]: readonly string[], options: Options): Promise<void> {
  const isKnown = verb === 'plan' || verb === 'apply' || verb === 'destroy' || verb === 'profiles';
  if (!isKnown) throw new CommandError(`\`landing-zone ${verb ?? ''}\` is unknown; say plan, apply, destroy or profiles`);
  await withSentences(async () => {
    const file = await readZone(path ?? defaultPath(context));
    const world = await openZone(context, file);
    if (verb === 'plan') return showPlan(context, world);
    if (verb === 'profiles') return showProfiles(context, world);
    if (verb === 'apply') return apply(context, world, options);
    return destroy(context, world, options);
  });
}

/** Where `start --landing-zone` has and looks for its file. */
export function ownZonePath(dataDir: string): string {
  return join(dataDir, 'landing-zone.yaml');
}

/** That of the data directory, or else the one that comes with the product. */
function defaultPath({ dataDir }: CommandContext): string {
  const own = ownZonePath(dataDir);
  return existsSync(own) ? own : defaultZonePath;
}

export async function readZone(path: string): Promise<ZoneFile> {
  if (!existsSync(path)) throw new CommandError(`there is no file \`${path}\``);
  const readFile = (name: string) => readFileSync(resolve(dirname(path), name), 'utf8');
  return parseZoneFile(readFileSync(path, 'utf8'), { name: path, readFile });
}

export function openZone(context: CommandContext, file: ZoneFile): Promise<World> {
  const api = createApi(
    (request) => sendSigned(context, { ...request, credentials: request.credentials && signing(request.credentials) }),
    (ms) => wait(ms),
  );
  return openWorld({ api, builderKey: builderKeyIn(context, file), wait: (ms) => wait(ms) }, file);
}

function signing({ accessKeyId, secretAccessKey, sessionToken }: ApiCredentials) {
  return { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken };
}

function builderKeyIn({ dataDir }: CommandContext, { zone }: ZoneFile): BuilderKey {
  const path = join(dataDir, `landing-zone-${zone}-key.json`);
  return {
    read() {
      if (!existsSync(path)) return undefined;
      const key: ApiCredentials = JSON.parse(readFileSync(path, 'utf8'));
      return key;
    },
    write(credentials) {
      if (credentials === undefined) return rmSync(path, { force: true });
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      writeFileSync(path, `${JSON.stringify(credentials)}\n`, { mode: 0o600 });
    },
  };
}

async function showPlan({ output }: CommandContext, world: World): Promise<void> {
  const plan = await planZone(world, { goal: 'apply' });
  if (output.isJson) output.json(planJson(plan));
  else output.print(renderPlan(plan, output.palette));
  if (hasChanges(summaryOf(plan))) process.exitCode = changesExitCode;
}

/** For `~/.aws/config`: a profile for each role that a group may assume, from the profile `identity` of whoever is in it. */
async function showProfiles({ output }: CommandContext, world: World): Promise<void> {
  await planZone(world, { goal: 'apply' });
  const profiles = profilesOf(world);
  if (output.isJson) return output.json(profiles);
  const region = world.file.regions[0];
  const text = profiles.map(
    ({ name, roleArn, source }) => `[profile ${name}]\nrole_arn = ${roleArn}\nsource_profile = ${source}\nregion = ${region}\n`,
  );
  output.print(text.join('\n'));
}

async function apply(context: CommandContext, world: World, options: Options): Promise<void> {
  const plan = await applyZone(context, world, { closesAccounts: options['closeAccounts'] === true, showsWhole: true });
  if (context.output.isJson) context.output.json(planJson(plan));
}

interface ApplyOptions {
  readonly closesAccounts: boolean;
  /** The plan as a tree before anything is done. */
  readonly showsWhole: boolean;
}

/** Shows the plan, refuses what must not be done unasked, does the rest, and tells each step. */
export async function applyZone(context: CommandContext, world: World, { closesAccounts, showsWhole }: ApplyOptions): Promise<Plan> {
  const { output } = context;
  const plan = await showGoal(context, world, { goal: 'apply', showsWhole });
  const closed = plan.changes.filter(({ action, kind }) => action === 'remove' && kind === 'account');
  if (closed.length > 0 && !closesAccounts) {
    const names = closed.map(({ address }) => address.slice('account/'.length)).join(', ');
    throw new CommandError(`nothing was done: ${names} would be closed, which cannot be taken back after 90 days; say --close-accounts`);
  }
  complainOf(await performPlan(world, plan, reportTo(context)));
  if (!output.isJson) output.print(stepsOf(plan).length === 0 ? 'nothing to do' : 'the landing zone is as the file says');
  return plan;
}

async function destroy(context: CommandContext, world: World, options: Options): Promise<void> {
  const plan = await showGoal(context, world, { goal: 'destroy', showsWhole: true });
  const accounts = plan.changes.filter(({ action, kind }) => action === 'remove' && kind === 'account').length;
  const question = `Remove all of the landing zone \`${world.file.zone}\` and close ${accounts} accounts, which is for good after 90 days? Type yes: `;
  if (stepsOf(plan).length > 0 && options['yes'] !== true && !(await confirmed(question))) {
    throw new CommandError('nothing was removed; say --yes to remove without a question');
  }
  complainOf(await performPlan(world, plan, reportTo(context)));
  if (context.output.isJson) return context.output.json(planJson(plan));
  context.output.print(
    'the landing zone is gone. What stays: the organisation and its kinds of policies; closed accounts, suspended for 90 days, their addresses taken until then; keys until their waiting time is over',
  );
}

/** @throws CommandError about what AWS did not let go */
function complainOf(kept: readonly Kept[]): void {
  if (kept.length === 0) return;
  const reasons = kept.map(({ address, reason }) => `\n  ${address}: ${reason}`).join('');
  throw new CommandError(`everything else is done, but this is still there:${reasons}\nrun the same command again when AWS allows it`);
}

async function showGoal(
  context: CommandContext,
  world: World,
  { goal, showsWhole }: Pick<PlanOptions, 'goal'> & Pick<ApplyOptions, 'showsWhole'>,
): Promise<Plan> {
  const plan = await planZone(world, { goal, prepare: reportTo(context) });
  if (showsWhole && !context.output.isJson) context.output.print(renderPlan(plan, context.output.palette));
  const blocked = plan.changes.filter(({ action }) => action === 'blocked');
  if (blocked.length === 0) return plan;
  const reasons = blocked.map(({ address, note }) => `\n  ${address}: ${note ?? ''}`).join('');
  const handOver = `castellan:landing-zone=${world.file.zone} and castellan:landing-zone-item=ADDRESS`;
  throw new CommandError(
    `nothing was done, because the landing zone touches nothing that it did not make:${reasons}\nname it otherwise in the file, or hand over what is there by the tags ${handOver}`,
  );
}

function reportTo({ output }: CommandContext): Report {
  return ({ step, steps, change }) => {
    if (!output.isJson) output.print(`[${String(step).padStart(String(steps).length)}/${steps}] ${stepText(change)}`);
  };
}

/** Every failure as a sentence that says what to do. */
export async function withSentences(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FileProblems) throw new CommandError(`the file is not a landing zone\n  ${error.problems.join('\n  ')}`);
    if (error instanceof ZoneError) throw new CommandError(error.message);
    if (error instanceof RefusedCall) throw new CommandError(refusalText(error));
    throw error;
  }
}

function refusalText(refused: RefusedCall): string {
  const { call, code, message } = refused;
  const head = `${call} was refused (${code}): ${message}`;
  const goOn = 'what was done until here stays, and the next apply goes on from there';
  if (isForbidden(refused)) {
    return `${head}\na guardrail forbids it: detach it first, in the management account; ${goOn}`;
  }
  if (/AccessDenied|Unauthorized|InvalidClientTokenId|SignatureDoesNotMatch/.test(code)) {
    return `${head}\ncall as an administrator of the management account, or without AWS_ACCESS_KEY_ID as its root; ${goOn}`;
  }
  return `${head}\n${goOn}`;
}
