// The identity way: people register and sign in with a password, and then ask for credentials that are theirs alone.
import { isRecord } from '../base/record.ts';
import type { Received } from '../pipeline/stages.ts';
import type { Transaction } from '../store/store.ts';
import { configurationOf } from './configuration.ts';
import { TvmProblem } from './problem.ts';
import { type TvmUserRecord, tvmUsers } from './records.ts';
import type { Body, TvmParts } from './tvm.ts';
import { vend } from './vend.ts';
import { isPassword, verifierOf } from './verifier.ts';

const purpose = 'tvm-login';
const loginMs = 12 * 3_600_000;
const off = () => new TvmProblem(404, 'Off', 'the identity token vending machine is off');
const tooMany = () => new TvmProblem(429, 'TooManyRequests', 'too many attempts; wait a few minutes');
const wrong = () => new TvmProblem(403, 'NotAuthorized', 'the user name or the password is wrong');
const noLogin = () => new TvmProblem(403, 'NotAuthorized', 'the sign-in is not valid, or is no longer; sign in again');

interface Given {
  readonly userName: string;
  readonly password: string;
}

/** Names that are also session names of a role. */
function given({ userName = '', password = '' }: Body): Given | TvmProblem {
  if (!/^[\w.@-]{2,60}$/.test(userName))
    return new TvmProblem(400, 'InvalidParameter', '`userName` is 2 to 60 letters, digits and . _ @ -');
  if (password.length < 12 || password.length > 256) return new TvmProblem(400, 'InvalidParameter', '`password` is 12 to 256 characters');
  return { userName, password };
}

/** Registers a new name. The slow part is done before the unit of work. */
export async function register(parts: TvmParts, received: Received, body: Body): Promise<object | TvmProblem> {
  const { store, ids, attempts } = parts;
  const asked = given(body);
  if (asked instanceof TvmProblem) return asked;
  if (!(await isOn(parts))) return off();
  if (!attempts.mayTry(`register ${received.sourceIp}`, received.sourceIp, received.receivedAtMs)) return tooMany();
  const verifier = await verifierOf(ids, asked.password);
  return store.transact(async (transaction) => {
    if ((await tvmUsers.get(transaction, asked.userName.toLowerCase())) !== undefined) {
      return new TvmProblem(409, 'AlreadyExists', 'the user name is taken');
    }
    const user: TvmUserRecord = {
      userName: asked.userName,
      userId: ids.uuid(),
      verifier,
      createdAtMs: received.receivedAtMs,
      generation: 1,
    };
    tvmUsers.put(transaction, user);
    return { userName: user.userName, userId: user.userId };
  });
}

/** Signs in: answers a token that asks for credentials for twelve hours. */
export async function signIn(parts: TvmParts, received: Received, body: Body): Promise<object | TvmProblem> {
  const user = await authenticated(parts, received, body);
  if (user instanceof TvmProblem) return user;
  const untilMs = received.receivedAtMs + loginMs;
  const token = parts.sealer.seal(
    purpose,
    JSON.stringify({ userName: user.userName, userId: user.userId, generation: user.generation, untilMs }),
  );
  return { token, expiresInSeconds: loginMs / 1000 };
}

/** A new password ends every sign-in before it. */
export async function changePassword(parts: TvmParts, received: Received, body: Body): Promise<object | TvmProblem> {
  const asked = given({ userName: body.userName, password: body.newPassword });
  if (asked instanceof TvmProblem) return asked;
  const user = await authenticated(parts, received, body);
  if (user instanceof TvmProblem) return user;
  const verifier = await verifierOf(parts.ids, asked.password);
  return parts.store.transact(async (transaction) => {
    const known = await tvmUsers.get(transaction, user.userName.toLowerCase());
    if (known?.userId !== user.userId || known.generation !== user.generation) return wrong();
    tvmUsers.put(transaction, { ...known, verifier, generation: known.generation + 1 });
    return {};
  });
}

export async function removeUser(parts: TvmParts, received: Received, body: Body): Promise<object | TvmProblem> {
  const user = await authenticated(parts, received, body);
  if (user instanceof TvmProblem) return user;
  await parts.store.transact(async (transaction) => tvmUsers.remove(transaction, user));
  return {};
}

async function authenticated(
  parts: TvmParts,
  received: Received,
  { userName = '', password = '' }: Body,
): Promise<TvmUserRecord | TvmProblem> {
  if (!(await isOn(parts))) return off();
  const name = userName.toLowerCase().slice(0, 100);
  if (!parts.attempts.mayTry(`user ${name}`, received.sourceIp, received.receivedAtMs)) return tooMany();
  const user = await parts.store.transact((transaction) => tvmUsers.get(transaction, name));
  if (!(await isPassword(user?.verifier, password.slice(0, 256))) || user === undefined) return wrong();
  parts.attempts.succeeded(`user ${name}`);
  return user;
}

async function isOn({ store }: TvmParts): Promise<boolean> {
  return (await store.transact(configurationOf))?.identity !== undefined;
}

export async function userCredentials(parts: TvmParts, transaction: Transaction, received: Received): Promise<object | TvmProblem> {
  const configuration = await configurationOf(transaction);
  const vending = configuration?.identity;
  if (configuration === undefined || vending === undefined) return off();
  const user = await userOfLogin(parts, transaction, received);
  if (user === undefined) return noLogin();
  const recipient = { sessionName: user.userName, tags: { UserId: user.userId, UserName: user.userName } };
  return vend(parts, transaction, received, { configuration, vending, recipient });
}

async function userOfLogin({ sealer }: TvmParts, transaction: Transaction, received: Received): Promise<TvmUserRecord | undefined> {
  const token = /^Bearer ([\w-]+)$/.exec(received.request.headers['authorization'] ?? '')?.[1];
  const opened = token === undefined ? undefined : sealer.open(purpose, token);
  const login: unknown = opened === undefined ? undefined : JSON.parse(opened);
  if (!isRecord(login) || typeof login['userName'] !== 'string' || Number(login['untilMs']) <= received.receivedAtMs) return undefined;
  const user = await tvmUsers.get(transaction, login['userName'].toLowerCase());
  return user?.userId === login['userId'] && user?.generation === login['generation'] ? user : undefined;
}
