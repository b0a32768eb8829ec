// The anonymous way: a device asks once for an id and a secret that proves it, and then for credentials as often as it needs. Nothing is kept of
// it: the secret is the id under the installation's seal.
import type { Received } from '../pipeline/stages.ts';
import type { Transaction } from '../store/store.ts';
import { configurationOf } from './configuration.ts';
import { TvmProblem } from './problem.ts';
import type { Body, TvmParts } from './tvm.ts';
import { vend } from './vend.ts';

const purpose = 'tvm-device';
const off = () => new TvmProblem(404, 'Off', 'the anonymous token vending machine is off');

export async function newDevice(parts: TvmParts, transaction: Transaction, received: Received): Promise<object | TvmProblem> {
  if ((await configurationOf(transaction))?.anonymous === undefined) return off();
  if (!parts.attempts.mayTry(`device ${received.sourceIp}`, received.sourceIp, received.receivedAtMs)) {
    return new TvmProblem(429, 'TooManyRequests', 'too many devices from this address; wait a few minutes');
  }
  const deviceId = parts.ids.uuid();
  return { deviceId, deviceSecret: parts.sealer.seal(purpose, deviceId) };
}

export async function deviceCredentials(
  parts: TvmParts,
  transaction: Transaction,
  received: Received,
  body: Body,
): Promise<object | TvmProblem> {
  const configuration = await configurationOf(transaction);
  const vending = configuration?.anonymous;
  if (configuration === undefined || vending === undefined) return off();
  const { deviceId, deviceSecret } = body;
  if (deviceId === undefined || deviceSecret === undefined || parts.sealer.open(purpose, deviceSecret) !== deviceId) {
    return new TvmProblem(403, 'NotAuthorized', 'the device id and its secret do not belong together');
  }
  return vend(parts, transaction, received, {
    configuration,
    vending,
    recipient: { sessionName: `device-${deviceId}`, tags: { DeviceId: deviceId } },
  });
}
