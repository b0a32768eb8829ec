// VPC endpoints by configuration: the private doors of the installation. Which one a request came through is told by the listener that took it,
// or by the network that it came from; what a client says (the host) only chooses among the endpoints of its own network.
// https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
import { limits } from '../base/limits.ts';
import type { NetworkPath, VpcEndpoint, VpcEndpointsPort } from '../kit/ports.ts';
import { compilePolicy } from '../policy/compile.ts';
import { isInRange, parseRange } from '../policy/conditions/ip.ts';
import { checkDocument, sizeExcess } from '../policy/validate-document.ts';

/** An endpoint of the file: in the words of ec2:DescribeVpcEndpoints, with how its network reaches this server. */
export interface ConfiguredEndpoint extends VpcEndpoint {
  /** `kms`, as in `com.amazonaws.us-east-1.kms`. */
  readonly service: string;
  /** Undefined for services with one endpoint for the world. */
  readonly region: string | undefined;
  readonly hasPrivateDns: boolean;
  /** From which its network interface can be reached. */
  readonly networks: readonly string[];
  /** A listener of its own, for those who are let in by the network in front of it. */
  readonly listener: { readonly host: string; readonly port: number } | undefined;
}

export const noVpcEndpoints: VpcEndpointsPort = { endpointOf: async () => undefined };

export function vpcEndpointsOf(endpoints: readonly ConfiguredEndpoint[]): VpcEndpointsPort {
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return {
    endpointOf: async (path) => {
      if (path.listener !== undefined) {
        const endpoint = byId.get(path.listener);
        return endpoint !== undefined && serves(endpoint, path) ? endpoint : 'unreachable';
      }
      const named = byId.get(endpointIdIn(path.host) ?? '');
      if (named !== undefined && isReachable(named, path)) return serves(named, path) ? named : 'unreachable';
      return endpoints.find((each) => each.hasPrivateDns && isReachable(each, path) && serves(each, path));
    },
  };
}

function serves({ service, region }: ConfiguredEndpoint, path: NetworkPath): boolean {
  return path.serviceNames.includes(service) && (region === undefined || region === path.region);
}

function isReachable({ networks }: ConfiguredEndpoint, { sourceIp }: NetworkPath): boolean {
  return networks.some((network) => isInRange(network, sourceIp));
}

/** `vpce-0a1b2c3d-x1y2z3.kms.us-east-1.vpce.amazonaws.com`: the endpoint's own name. */
export function endpointIdIn(host: string): string | undefined {
  return /^(vpce-[0-9a-f]+)-[a-z0-9-]+\./.exec(host)?.[1];
}

const fullAccess = '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}';

/** @throws Error that names what is wrong in the text. */
export function readVpcEndpoints(text: string, partition: string): readonly ConfiguredEndpoint[] {
  const root: unknown = JSON.parse(text);
  const listed = isObject(root) ? root['VpcEndpoints'] : undefined;
  if (!Array.isArray(listed)) throw new Error('`VpcEndpoints` must be a list');
  if (listed.length > limits.vpcEndpointsMax) throw new Error(`there are more than ${limits.vpcEndpointsMax} VPC endpoints`);
  const endpoints = listed.map((each: unknown, index) => readEndpoint(isObject(each) ? each : {}, index, partition));
  const ids = endpoints.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`\`${twice}\` is listed twice`);
  return endpoints;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

const members = new Set(
  'VpcEndpointId VpcId OwnerId ServiceName PolicyDocument PrivateDnsEnabled Networks Listener VpcEndpointType State'.split(' '),
);

function readEndpoint(raw: Json, index: number, partition: string): ConfiguredEndpoint {
  const id = textOf(raw, 'VpcEndpointId', /^vpce-[0-9a-f]{8,17}$/, `VpcEndpoints[${index}]`);
  const unknown = Object.keys(raw).find((name) => !members.has(name));
  if (unknown !== undefined) throw new Error(`\`${id}\` has an unknown member \`${unknown}\``);
  const vpcId = textOf(raw, 'VpcId', /^vpc-[0-9a-f]{8,17}$/, id);
  const ownerAccount = textOf(raw, 'OwnerId', /^\d{12}$/, id);
  const [, region, service = ''] =
    /^com\.amazonaws\.(?:([a-z]{2}(?:-[a-z]+)+-\d)\.)?([a-z0-9.-]+?)(?:-fips)?$/.exec(
      textOf(raw, 'ServiceName', /^com\.amazonaws\./, id),
    ) ?? [];
  if (service === '') throw new Error(`the \`ServiceName\` of \`${id}\` names no service`);
  const networks = networksOf(raw, id);
  const listener = listenerOf(raw, id);
  if (networks.length === 0 && listener === undefined)
    throw new Error(`\`${id}\` can be reached by nobody: give \`Networks\` or a \`Listener\``);
  return {
    id,
    vpcId,
    vpcArn: region === undefined ? undefined : `arn:${partition}:ec2:${region}:${ownerAccount}:vpc/${vpcId}`,
    ownerAccount,
    policy: { name: `policy of VPC endpoint ${id}`, policy: compilePolicy(policyOf(raw, id)) },
    service,
    region,
    hasPrivateDns: raw['PrivateDnsEnabled'] !== false,
    networks,
    listener,
  };
}

function textOf(raw: Json, name: string, pattern: RegExp, of: string): string {
  const value = raw[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw new Error(`\`${name}\` of \`${of}\` is missing or has the wrong form`);
  return value;
}

function policyOf({ PolicyDocument: given }: Json, id: string): string {
  if (given === undefined) return fullAccess;
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  const check = checkDocument('vpc-endpoint', text);
  if ('message' in check) throw new Error(`the policy of \`${id}\` is refused: ${check.message}`);
  if (sizeExcess('vpc-endpoint', text) > 0) throw new Error(`the policy of \`${id}\` is larger than 20,480 characters`);
  return text;
}

function networksOf({ Networks: given = [] }: Json, id: string): readonly string[] {
  const networks: readonly unknown[] = Array.isArray(given) ? given : [given];
  return networks.map((each) => {
    if (typeof each !== 'string' || parseRange(each) === undefined)
      throw new Error(`\`Networks\` of \`${id}\` has an element that is no CIDR block`);
    return each;
  });
}

function listenerOf({ Listener: given }: Json, id: string): ConfiguredEndpoint['listener'] {
  if (given === undefined) return undefined;
  const { Address: host = '127.0.0.1', Port: port } = isObject(given) ? given : {};
  if (typeof host !== 'string' || typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`\`Listener\` of \`${id}\` must have an \`Address\` and a \`Port\``);
  }
  return { host, port };
}
