// The files around the store: the directory itself, the root credentials, the admin token, and what the CLI needs to find the server.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ids } from '../base/ids.ts';

const ownerOnly = 0o600;

/** Makes the directory for its owner only. */
export function prepareDataDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The admin API's bearer token; made at random at the first start. */
export function adminToken(dataDir: string, ids: Ids): string {
  const path = join(dataDir, 'admin-token');
  if (!existsSync(path)) writeOwnerOnly(path, `${Buffer.from(ids.bytes(32)).toString('base64url')}\n`);
  return readFileSync(path, 'utf8').trim();
}

export interface RootCredentials {
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Writes root-credentials.json, server.json and a ready AWS profile (aws/config, aws/credentials); returns the credentials file's path. */
export function writeServerFiles(dataDir: string, address: string, region: string, root: RootCredentials): string {
  const credentialsFile = join(dataDir, 'root-credentials.json');
  writeOwnerOnly(credentialsFile, `${JSON.stringify(root, undefined, 2)}\n`);
  writeOwnerOnly(join(dataDir, 'server.json'), `${JSON.stringify({ address, region, pid: process.pid }, undefined, 2)}\n`);
  mkdirSync(join(dataDir, 'aws'), { recursive: true, mode: 0o700 });
  writeOwnerOnly(join(dataDir, 'aws', 'config'), `[profile castellan]\nregion = ${region}\nendpoint_url = ${address}\noutput = json\n`);
  writeOwnerOnly(
    join(dataDir, 'aws', 'credentials'),
    `[castellan]\naws_access_key_id = ${root.accessKeyId}\naws_secret_access_key = ${root.secretAccessKey}\n`,
  );
  return credentialsFile;
}

/** Replaces a file whole: a reader sees the old text or the new one. */
function writeOwnerOnly(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: ownerOnly });
  chmodSync(temporary, ownerOnly);
  renameSync(temporary, path);
}
