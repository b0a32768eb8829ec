// Every option of the server, declared once: the command line, the environment, --help and the generated table read it from here.

export interface OptionDeclaration {
  /** As in --data-dir. */
  readonly name: string;
  /** Undefined: a switch. */
  readonly argument: string | undefined;
  readonly fallback: string | undefined;
  readonly environment: string;
  readonly description: string;
}

function option(name: string, argument: string | undefined, fallback: string | undefined, description: string): OptionDeclaration {
  return { name, argument, fallback, environment: `CASTELLAN_${name.toUpperCase().replaceAll('-', '_')}`, description };
}

export const serverOptions: readonly OptionDeclaration[] = [
  option('port', 'number', '4566', 'port to listen on; 0 takes any free one'),
  option('host', 'address', '127.0.0.1', 'address to listen on'),
  option('data-dir', 'path', './.data', 'where everything is kept'),
  option('region', 'name', 'us-east-1', 'region of requests that name none'),
  option('tls-cert', 'file', undefined, 'certificate chain (PEM); serves HTTPS'),
  option('tls-key', 'file', undefined, 'private key of the certificate (PEM)'),
  option('postgres', 'url', undefined, 'keep the state in PostgreSQL, so that several nodes can serve it'),
  option('allow-public', undefined, undefined, 'listen on an address that is not loopback without TLS'),
  option('allow-reset', undefined, undefined, 'let POST /_castellan/reset erase everything without the admin token'),
  option('allow-time-travel', undefined, undefined, 'let `castellan time advance` move the clock'),
  option(
    'landing-zone',
    undefined,
    undefined,
    'build the landing zone of landing-zone.yaml in the data directory; the first start puts the default one there',
  ),
  option('root-account', 'id', undefined, 'account id (twelve digits) of the first start'),
  option('root-access-key-id', 'id', undefined, 'a root access key of any form, for test suites with fixed credentials'),
  option('root-secret-access-key', 'secret', undefined, 'its secret'),
  option('public-url', 'url', undefined, 'where clients reach the server, when that is not the address it listens on'),
  option(
    'price-list',
    'file',
    undefined,
    'what usage costs (docs/guides/bill.md); without one the example list, which is not AWS’s prices',
  ),
  option('outbound-allow', 'hosts', undefined, 'the only hosts that may be asked for OpenID documents, private ones too: comma-separated'),
  option('outbound-route', 'list', undefined, 'HOST=URL pairs, comma-separated: what is meant for the host is asked of the URL'),
  option('attestation-roots', 'file', undefined, 'root certificates (PEM) of the enclaves whose attestation documents KMS believes'),
  option('vpc-endpoints', 'file', undefined, 'JSON list of VPC endpoints, by which networks reach services under a policy'),
];

export type Environment = Readonly<Record<string, string | undefined>>;

/** The options' values: command line first, then environment, then default. */
export function readOptions(given: Readonly<Record<string, unknown>>, environment: Environment): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, environment: variable, fallback, argument } of serverOptions) {
    const fromLine = given[camel(name)];
    const text = fromLine === undefined ? (environment[variable] ?? fallback) : String(fromLine);
    if (text === undefined || text === '') continue;
    if (argument === undefined && !/^(?:true|1|yes|on)$/i.test(text)) continue;
    values.set(name, text);
  }
  return values;
}

function camel(name: string): string {
  return name.replace(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
}
