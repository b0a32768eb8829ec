// The types of resources that AWS shares, whether a service here has them or not: lists may be asked for them, and find none.
// https://docs.aws.amazon.com/ram/latest/userguide/shareable.html

const types: Readonly<Record<string, readonly string[]>> = {
  'acm-pca': ['CertificateAuthority'],
  appmesh: ['Mesh'],
  codebuild: ['Project', 'ReportGroup'],
  datazone: ['Domain'],
  ec2: [
    'CapacityReservation',
    'CoipPool',
    'DedicatedHost',
    'IpamPool',
    'IpamResourceDiscovery',
    'LocalGatewayRouteTable',
    'PlacementGroup',
    'PrefixList',
    'Subnet',
    'TrafficMirrorTarget',
    'TransitGateway',
    'TransitGatewayMulticastDomain',
  ],
  glue: ['Catalog', 'Database', 'Table'],
  imagebuilder: ['Component', 'ContainerRecipe', 'Image', 'ImageRecipe'],
  'license-manager': ['LicenseConfiguration'],
  'network-firewall': ['FirewallPolicy', 'StatefulRuleGroup', 'StatelessRuleGroup'],
  networkmanager: ['CoreNetwork'],
  outposts: ['Outpost', 'Site'],
  rds: ['Cluster'],
  'refactor-spaces': ['Environment'],
  'resource-explorer-2': ['View'],
  'resource-groups': ['Group'],
  route53profiles: ['Profile'],
  route53resolver: ['FirewallRuleGroup', 'ResolverQueryLogConfig', 'ResolverRule'],
  's3-outposts': ['Outpost'],
  sagemaker: ['LineageGroup', 'Pipeline'],
  servicecatalog: ['Application', 'AttributeGroup'],
  'ssm-contacts': ['Contact'],
  'ssm-incidents': ['ResponsePlan'],
};

/** In whatever case. */
export function isSharedByAws(type: string): boolean {
  const [service = '', name] = type.toLowerCase().split(':');
  return Object.hasOwn(types, service) && types[service]?.some((each) => each.toLowerCase() === name) === true;
}
