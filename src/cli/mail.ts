// `castellan mail`: what AWS would have sent by mail (codes of address changes), for the operator to pass on.
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';

interface Shown {
  readonly account: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly sentAt: string;
  readonly expiresAt: string;
}

/** All of it, or what is addressed to one address. */
export async function mail({ output, dataDir }: CommandContext, [address]: readonly string[]): Promise<void> {
  const { mail: all }: { readonly mail: readonly Shown[] } = JSON.parse(await callAdmin(dataDir, { method: 'GET', path: 'mail' }));
  const wanted = address === undefined ? all : all.filter(({ to }) => to.toLowerCase() === address.toLowerCase());
  if (output.isJson) return output.json(wanted);
  if (wanted.length === 0) return output.print('there is no mail to pass on');
  output.print(wanted.map(printed).join('\n\n'));
}

function printed({ account, to, subject, text, sentAt, expiresAt }: Shown): string {
  return [`to       ${to}`, `about    account ${account}: ${subject}`, `sent     ${sentAt}, good until ${expiresAt}`, '', text].join('\n');
}
