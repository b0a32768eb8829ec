// Certificate authorities of openssl's making, and the server certificates that they sign.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary.ts';

export interface TestAuthority {
  readonly certificate: string;
  /** `DNS:localhost` or `IP:127.0.0.1`, with commas between several. */
  issue(names: string): { readonly certificate: string; readonly key: string };
  remove(): void;
}

export function createAuthority(name: string): TestAuthority {
  const directory = temporaryDirectory('authority');
  const at = (file: string) => join(directory.path, file);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(['req', '-x509', ...ec, '-subj', `/CN=${name}`, '-days', '2', '-keyout', at('ca.key'), '-out', at('ca.pem')]);
  const certificate = readFileSync(at('ca.pem'), 'utf8');
  return {
    certificate,
    issue(names) {
      writeFileSync(at('extensions'), `subjectAltName=${names}\n`);
      openssl(['req', '-new', ...ec, '-subj', '/CN=database', '-keyout', at('server.key'), '-out', at('request')]);
      const by = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('extensions')];
      openssl(['x509', '-req', '-in', at('request'), ...by, '-days', '2', '-out', at('server.pem')]);
      return { certificate: readFileSync(at('server.pem'), 'utf8'), key: readFileSync(at('server.key'), 'utf8') };
    },
    remove: () => directory.remove(),
  };
}

function openssl(parameters: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
}
