// Two servers on one PostgreSQL, as processes of their own.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { temporaryDirectory } from './temporary.ts';

export interface TwoNodes {
  readonly one: ServerProcess;
  readonly two: ServerProcess;
  stop(): Promise<void>;
}

export async function startTwoNodes(name: string, postgresUrl: string): Promise<TwoNodes> {
  const [first, second] = [temporaryDirectory(`${name}-1`), temporaryDirectory(`${name}-2`)];
  const one = await startServerProcess({ dataDir: first.path, arguments: ['--postgres', postgresUrl] });
  // Nodes share the root key: without it the second cannot open what the first sealed.
  mkdirSync(second.path, { recursive: true });
  copyFileSync(join(first.path, 'root.key'), join(second.path, 'root.key'));
  const two = await startServerProcess({ dataDir: second.path, arguments: ['--postgres', postgresUrl] });
  return {
    one,
    two,
    async stop() {
      await one.stop('SIGKILL');
      await two.stop('SIGKILL');
      first.remove();
      second.remove();
    },
  };
}
