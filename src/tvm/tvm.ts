// The token vending machine: gives mobile and web clients temporary credentials without a person in AWS, in the two classic ways. Off by default.
// See README.md for what it is not.
import type { Attempts } from '../base/attempts.ts';
import type { Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { isRecord } from '../base/record.ts';
import type { ServiceCall } from '../kit/calls.ts';
import type { Sealer } from '../kit/context.ts';
import type { Identity, IdentityPort } from '../kit/ports.ts';
import type { Received } from '../pipeline/stages.ts';
import type { Structure, WireResponse } from '../protocol/protocol.ts';
import { ConflictError, type Store, type Transaction } from '../store/store.ts';
import { deviceCredentials, newDevice } from './devices.ts';
import { TvmProblem } from './problem.ts';
import { changePassword, register, removeUser, signIn, userCredentials } from './users.ts';

export interface TvmParts {
  readonly store: Store;
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly partition: string;
  readonly region: string;
  readonly identities: IdentityPort;
  readonly attempts: Attempts;
  /** An operation with somebody's credentials, judged and recorded like any other. */
  readonly act: (transaction: Transaction, received: Received, identity: Identity, call: ServiceCall) => Promise<Structure | Fault>;
  readonly onInternalError: (error: unknown, requestId: string) => void;
}

/** The text members of a request's JSON. */
export type Body = Readonly<Partial<Record<'deviceId' | 'deviceSecret' | 'userName' | 'password' | 'newPassword', string | undefined>>>;

type Answer = Promise<object | TvmProblem>;
type Route =
  | { readonly inUnit: (parts: TvmParts, transaction: Transaction, received: Received, body: Body) => Answer }
  | { readonly alone: (parts: TvmParts, received: Received, body: Body) => Answer };

const routes: Readonly<Record<string, Route>> = {
  '/tvm/anonymous/devices': { inUnit: newDevice },
  '/tvm/anonymous/credentials': { inUnit: deviceCredentials },
  '/tvm/identity/register': { alone: register },
  '/tvm/identity/sign-in': { alone: signIn },
  '/tvm/identity/password': { alone: changePassword },
  '/tvm/identity/remove': { alone: removeUser },
  '/tvm/identity/credentials': { inUnit: userCredentials },
};

const bodyBytesMax = 8_192;

export function createTvm(parts: TvmParts): (received: Received) => Promise<WireResponse> | undefined {
  return (received) => {
    const { method, path, headers } = received.request;
    const route = method === 'POST' && Object.hasOwn(routes, path) ? routes[path] : undefined;
    // Requests that are signed are for a service, whatever their path.
    if (route === undefined || (headers['authorization'] ?? '').startsWith('AWS4-')) return undefined;
    return respond(parts, route, received);
  };
}

async function respond(parts: TvmParts, route: Route, received: Received): Promise<WireResponse> {
  try {
    const body = readBody(received);
    const answer =
      body instanceof TvmProblem
        ? body
        : 'alone' in route
          ? await route.alone(parts, received, body)
          : await parts.store.transact((transaction) => route.inUnit(parts, transaction, received, body));
    return answer instanceof TvmProblem ? json(answer.status, { code: answer.code, message: answer.message }) : json(200, answer);
  } catch (error) {
    if (error instanceof ConflictError) return json(503, { code: 'Busy', message: 'try again' });
    parts.onInternalError(error, received.requestId);
    return json(500, { code: 'InternalFailure', message: 'the request failed' });
  }
}

function readBody({ request }: Received): Body | TvmProblem {
  const problem = (message: string) => new TvmProblem(400, 'InvalidParameter', message);
  // Pages of other sites cannot send this type without asking first, and are not answered when they ask.
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return problem('the content type is not application/json');
  if (request.body.byteLength > bodyBytesMax) return problem('the request is too large');
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(request.body).toString('utf8') || '{}');
  } catch {
    return problem('the request is no JSON');
  }
  if (!isRecord(parsed) || !Object.values(parsed).every((value) => typeof value === 'string'))
    return problem('the request is not an object of texts');
  return parsed;
}

function json(status: number, value: object): WireResponse {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(value) };
}
