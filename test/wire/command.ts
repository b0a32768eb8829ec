// Runs a client program to its end and gives what it printed.
import { spawn, spawnSync } from 'node:child_process';
import { projectRoot, type ServerProcess } from '../server-process.ts';

export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Programs that CI provides; a machine without them skips their tests with a notice. */
export function isInstalled(command: string, parameters: readonly string[] = ['--version']): boolean {
  return spawnSync(command, parameters, { stdio: 'ignore' }).status === 0;
}

export function run(
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = '',
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { cwd: projectRoot, env: { ...process.env, ...environment } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? -1, stdout, stderr }));
    // A program may end without reading what it was given.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** The environment that points an unmodified AWS client at the server. */
export function clientEnvironment(server: ServerProcess, credentials: Credentials = server.credentials): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}
