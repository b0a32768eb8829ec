// `castellan doctor`: looks at everything that can be wrong with an installation, and says what to do about it.
import { spawnSync } from 'node:child_process';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'problem';
  readonly text: string;
}

const diskBytesMin = 200 * 1024 * 1024;

export async function doctor({ output, dataDir }: CommandContext): Promise<void> {
  const findings = [
    runtime(),
    directory(dataDir),
    ownerOnly(dataDir, 'root.key'),
    ownerOnly(dataDir, 'root-credentials.json'),
    disk(dataDir),
    await server(dataDir),
    awsCli(),
  ];
  if (output.isJson) output.json({ findings });
  else for (const { name, state, text } of findings) output.print(`${mark(state, output.palette)} ${name.padEnd(22)} ${text}`);
  if (findings.some(({ state }) => state === 'problem')) throw new CommandError('something is wrong; see above');
}

function mark(state: Finding['state'], palette: CommandContext['output']['palette']): string {
  return state === 'ok' ? palette.good('ok     ') : state === 'note' ? palette.faint('note   ') : palette.bad('problem');
}

function runtime(): Finding {
  return { name: 'runtime', state: 'ok', text: `Node ${process.versions.node}` };
}

function directory(dataDir: string): Finding {
  if (!existsSync(dataDir))
    return { name: 'data directory', state: 'note', text: `\`${dataDir}\` does not exist yet; \`npm start\` makes it` };
  const isOpen = (statSync(dataDir).mode & 0o077) !== 0;
  return {
    name: 'data directory',
    state: isOpen ? 'note' : 'ok',
    text: isOpen ? `others can enter it; run \`chmod 700 ${dataDir}\`` : dataDir,
  };
}

function ownerOnly(dataDir: string, file: string): Finding {
  const path = join(dataDir, file);
  if (!existsSync(path)) return { name: file, state: 'note', text: 'does not exist yet' };
  const isOpen = (statSync(path).mode & 0o077) !== 0;
  return {
    name: file,
    state: isOpen ? 'problem' : 'ok',
    text: isOpen ? `others can read it; run \`chmod 600 ${path}\`` : 'only its owner can read it',
  };
}

function disk(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(existsSync(dataDir) ? dataDir : '.');
  const free = bavail * bsize;
  return { name: 'disk', state: free < diskBytesMin ? 'problem' : 'ok', text: `${Math.floor(free / 1024 / 1024)} MB free` };
}

async function server(dataDir: string): Promise<Finding> {
  try {
    const { address, store }: { readonly address: string; readonly store: string } = JSON.parse(
      await callAdmin(dataDir, { method: 'GET', path: 'info' }),
    );
    return { name: 'server', state: 'ok', text: `answers at ${address}, state in ${store}` };
  } catch (error) {
    return { name: 'server', state: 'note', text: error instanceof Error ? error.message : 'does not answer' };
  }
}

function awsCli(): Finding {
  const found = spawnSync('aws', ['--version'], { encoding: 'utf8' });
  const text = found.status === 0 ? found.stdout.trim() : 'not found; any AWS client works, this one is `pip install awscli`';
  return { name: 'AWS CLI', state: found.status === 0 ? 'ok' : 'note', text };
}
