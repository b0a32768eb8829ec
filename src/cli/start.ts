// `castellan start`: reads the options, starts the server, prints what it is and how to reach it, and stops it cleanly.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback, type ServerInfo, type ServerOptions } from '../server-options.ts';
import type { CommandContext } from './main.ts';
import { readOptions } from './options.ts';
import { CommandError } from './output.ts';

export async function start(
  context: CommandContext,
  _parameters: readonly string[],
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  const values = readOptions(given, context.environment);
  const options = serverOptionsFrom(values);
  const { startServer } = await import('../main.ts');
  const server = await startServer(options).catch((error: unknown) => {
    throw new CommandError(startProblem(error, options));
  });
  if (context.output.isJson) context.output.json(server.info);
  else context.output.print(banner(server.info));
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    void server.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (values.has('landing-zone')) await buildLandingZone(context, options.dataDir);
}

/** As root of this server, whoever the AWS variables name. What goes wrong is said; the server goes on. */
async function buildLandingZone({ output }: CommandContext, dataDir: string): Promise<void> {
  const { buildAtStart } = await import('./landing-zone-start.ts');
  await buildAtStart({ output, dataDir, environment: {} }).catch((error: unknown) => {
    process.stderr.write(`castellan: the landing zone was not built: ${error instanceof Error ? error.message : String(error)}\n`);
  });
}

function serverOptionsFrom(values: ReadonlyMap<string, string>): ServerOptions {
  const host = values.get('host') ?? '127.0.0.1';
  const hasTls = values.has('tls-cert') && values.has('tls-key');
  if (values.has('tls-cert') !== values.has('tls-key')) throw new CommandError('--tls-cert and --tls-key belong together; give both', 2);
  if (!isLoopback(host) && !hasTls && !values.has('allow-public')) {
    throw new CommandError(`\`${host}\` can be reached by others; give --tls-cert and --tls-key, or say --allow-public`, 2);
  }
  const account = values.get('root-account');
  if (account !== undefined && !/^\d{12}$/.test(account)) throw new CommandError(`--root-account \`${account}\` is not twelve digits`, 2);
  if (values.has('root-access-key-id') !== values.has('root-secret-access-key')) {
    throw new CommandError('--root-access-key-id and --root-secret-access-key belong together; give both', 2);
  }
  return {
    host,
    port: readPort(values.get('port') ?? '4566'),
    dataDir: resolve(values.get('data-dir') ?? './.data'),
    region: values.get('region') ?? 'us-east-1',
    tlsCert: values.get('tls-cert'),
    tlsKey: values.get('tls-key'),
    postgres: values.get('postgres'),
    allowReset: values.has('allow-reset'),
    allowTimeTravel: values.has('allow-time-travel'),
    rootAccount: account,
    publicUrl: readUrl('public-url', values.get('public-url')),
    outboundAllow: values
      .get('outbound-allow')
      ?.split(',')
      .map((host) => host.trim()),
    outboundRoutes: readRoutes(values.get('outbound-route')),
    priceList: readPriceList(values.get('price-list')),
    attestationRoots: readCertificates(values.get('attestation-roots')),
    rootAccessKeyId: values.get('root-access-key-id'),
    rootSecretAccessKey: values.get('root-secret-access-key'),
    vpcEndpoints: values.get('vpc-endpoints'),
    allowPublic: values.has('allow-public'),
    onInternalError(error, requestId) {
      process.stderr.write(`castellan: request ${requestId} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    },
  };
}

function readUrl(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new CommandError(`--${name} \`${text}\` is not an http or https URL`, 2);
  return text.replace(/\/+$/, '');
}

function readPriceList(path: string | undefined): unknown {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(`--price-list \`${path}\` cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`, 2);
  }
}

function readCertificates(path: string | undefined): readonly X509Certificate[] {
  if (path === undefined) return [];
  try {
    const blocks = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error('it has no certificate');
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new CommandError(
      `--attestation-roots \`${path}\` cannot be read as certificates: ${error instanceof Error ? error.message : String(error)}`,
      2,
    );
  }
}

function readRoutes(text: string | undefined): Readonly<Record<string, string>> {
  const routes: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const [, host = '', url = ''] = /^\s*([^=\s]+)=(\S+)\s*$/.exec(pair) ?? [];
    if (host === '') throw new CommandError(`--outbound-route \`${pair}\` is not HOST=URL`, 2);
    routes[host] = readUrl('outbound-route', url) ?? url;
  }
  return routes;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new CommandError(`--port \`${text}\` is not a port number`, 2);
  return port;
}

function startProblem(error: unknown, { host, port }: ServerOptions): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `port ${port} of ${host} is in use; stop what listens there, or choose another with --port`;
  }
  return error instanceof Error ? error.message : String(error);
}

function banner(info: ServerInfo): string {
  const warnings = [
    info.hasGivenRootKey ? 'the root key was given on the command line: for tests only' : undefined,
    info.allowTimeTravel ? 'the clock may be moved (--allow-time-travel)' : undefined,
    info.clockOffsetMs > 0 ? `the clock is ${Math.round(info.clockOffsetMs / 1000)} seconds ahead of this machine's` : undefined,
    info.allowReset ? 'anyone who can reach the server may erase it (--allow-reset)' : undefined,
  ].filter((warning) => warning !== undefined);
  return [
    '',
    `Castellan serves on ${info.address}`,
    '',
    '  enforced     signatures; identity, resource, key and trust policies, boundaries, session policies, grants,',
    '               and the guardrails of organisations, on every request;',
    '               every request is recorded (cloudtrail lookup-events), every refusal explained (castellan explain)',
    `  data         ${info.dataDir}${info.created ? ' (new)' : ''}${info.store === 'postgres' ? ', state in PostgreSQL' : ''}`,
    `  account      ${info.account}, root key ${info.rootAccessKeyId}`,
    `  credentials  ${info.credentialsFile}`,
    ...info.vpcEndpoints.map(({ id, address }) => `  endpoint     ${id} on ${address}`),
    ...warnings.map((warning) => `  warning      ${warning}`),
    '',
    '  In another terminal:',
    '    eval "$(npx castellan env)"',
    '    aws sts get-caller-identity',
    '',
    `  Or use the ready profile: AWS_CONFIG_FILE=${info.dataDir}/aws/config AWS_SHARED_CREDENTIALS_FILE=${info.dataDir}/aws/credentials aws --profile castellan …`,
    '',
  ].join('\n');
}
