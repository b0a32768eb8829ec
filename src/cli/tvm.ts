// `castellan tvm`: shows how the token vending machine is set up, and switches its two ways on and off.
import { readFileSync } from 'node:fs';
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

interface Vending {
  readonly roleArn: string;
  readonly durationSeconds: number;
  readonly sessionPolicy?: string;
}

interface Shown {
  readonly isOn: boolean;
  readonly brokerAccessKeyId?: string;
  readonly anonymous?: Vending;
  readonly identity?: Vending;
}

export async function tvm(
  { output, dataDir }: CommandContext,
  [verb, mode]: readonly string[],
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  const text = await callAdmin(
    dataDir,
    verb === undefined ? { method: 'GET', path: 'tvm' } : { method: 'POST', path: 'tvm', body: JSON.stringify(request(verb, mode, given)) },
  );
  const shown: Shown = JSON.parse(text);
  if (output.isJson) return output.json(shown);
  output.print(
    [
      `broker      ${shown.brokerAccessKeyId ?? 'none'}`,
      `anonymous   ${line(shown.anonymous)}`,
      `identity    ${line(shown.identity)}`,
      ...(shown.isOn ? [] : ['Switch it on: castellan tvm on anonymous --role-arn ARN --broker-access-key-id ID']),
    ].join('\n'),
  );
}

function line(vending: Vending | undefined): string {
  if (vending === undefined) return 'off';
  return `${vending.roleArn}, ${vending.durationSeconds} seconds${vending.sessionPolicy === undefined ? '' : ', with a session policy'}`;
}

function request(verb: string, mode: string | undefined, given: Readonly<Record<string, unknown>>): object {
  if ((verb !== 'on' && verb !== 'off') || (mode !== 'anonymous' && mode !== 'identity')) {
    throw new CommandError('say `tvm`, `tvm on anonymous|identity --role-arn ARN`, or `tvm off anonymous|identity`', 2);
  }
  if (verb === 'off') return { mode };
  const { roleArn, duration, policy, brokerAccessKeyId } = given;
  if (typeof roleArn !== 'string') throw new CommandError('name the role whose sessions are handed out: --role-arn', 2);
  return {
    mode,
    brokerAccessKeyId,
    vending: {
      roleArn,
      ...(duration === undefined ? {} : { durationSeconds: Number(duration) }),
      ...(typeof policy === 'string' ? { sessionPolicy: readPolicy(policy) } : {}),
    },
  };
}

function readPolicy(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`the file \`${file}\` cannot be read`);
  }
}
