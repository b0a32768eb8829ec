// Service configurations of groups: which types there are and which parameters each takes.
// https://docs.aws.amazon.com/ARG/latest/userguide/about-slg-types.html
import type { GroupConfigurationItem } from './api.gen.ts';
import { applicationType } from './names.ts';
import { badRequest } from './service.ts';

/** Undefined: any value of the model. */
type Rule = (value: string) => boolean;

const isBoolean: Rule = (value) => value === 'true' || value === 'false';
const generic = 'AWS::ResourceGroups::Generic';
const hosts = 'AWS::EC2::HostManagement';
const reservations = 'AWS::EC2::CapacityReservationPool';

const types: Readonly<Record<string, Readonly<Record<string, { readonly isList?: true; readonly rule: Rule }>>>> = {
  [generic]: {
    'allowed-resource-types': { isList: true, rule: (value) => ['AWS::EC2::Host', 'AWS::EC2::CapacityReservation'].includes(value) },
    'deletion-protection': { rule: (value) => value === 'UNLESS_EMPTY' },
  },
  [hosts]: {
    'auto-allocate-host': { rule: isBoolean },
    'auto-release-host': { rule: isBoolean },
    'auto-host-recovery': { rule: isBoolean },
    'allowed-host-families': { isList: true, rule: (value) => /^[a-z0-9-]+$/.test(value) },
    'allowed-host-based-license-configurations': { isList: true, rule: (value) => value.startsWith('arn:') },
    'any-host-based-license-configuration': { rule: (value) => value === 'true' },
  },
  [reservations]: {},
  'AWS::NetworkFirewall::RuleGroup': {},
  [applicationType]: {},
};

/** What a service-linked type needs beside it, in an item of the generic type. */
const needed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [hosts]: { 'allowed-resource-types': 'AWS::EC2::Host', 'deletion-protection': 'UNLESS_EMPTY' },
  [reservations]: { 'allowed-resource-types': 'AWS::EC2::CapacityReservation' },
};

/** AWS: only these services set them. */
const ofServices = ['AWS::AppRegistry::Application', 'AWS::AppRegistry::ApplicationResourceGroup', 'AWS::CloudFormation::Stack'];

/** @throws Fault BadRequestException */
export function requireConfiguration(items: readonly GroupConfigurationItem[]): void {
  const names = items.map(({ Type }) => Type);
  if (new Set(names).size < names.length) throw invalid('each item must have a unique Type');
  if (names.includes(applicationType) && names.length > 1) throw invalid(`${applicationType} cannot be combined with other types`);
  for (const item of items) requireItem(item);
  for (const type of names) {
    for (const [parameter, value] of Object.entries(needed[type] ?? {})) {
      if (!valuesOf(items, generic, parameter).includes(value)) {
        throw invalid(`${type} requires an item of type ${generic} with the parameter ${parameter} and the value ${value}`);
      }
    }
  }
}

export function isApplication(items: readonly GroupConfigurationItem[] | undefined): boolean {
  return items?.some(({ Type }) => Type === applicationType) === true;
}

function requireItem({ Type, Parameters = [] }: GroupConfigurationItem): void {
  if (ofServices.includes(Type)) throw invalid(`the type ${Type} is managed by its service`);
  const known = types[Type];
  if (known === undefined) throw invalid(`the type ${Type} is not supported`);
  const names = Parameters.map(({ Name }) => Name);
  if (new Set(names).size < names.length) throw invalid(`a parameter of ${Type} can be specified only once`);
  for (const { Name, Values = [] } of Parameters) {
    const parameter = Object.hasOwn(known, Name) ? known[Name] : undefined;
    if (parameter === undefined) throw invalid(`the type ${Type} has no parameter ${Name}`);
    if (Values.length === 0 || (parameter.isList !== true && Values.length > 1) || !Values.every(parameter.rule)) {
      throw invalid(`the values of the parameter ${Name} of ${Type} are not permitted`);
    }
  }
  if (names.includes('allowed-host-based-license-configurations') && names.includes('any-host-based-license-configuration')) {
    throw invalid('allowed-host-based-license-configurations and any-host-based-license-configuration exclude each other');
  }
}

function valuesOf(items: readonly GroupConfigurationItem[], type: string, parameter: string): readonly string[] {
  return items
    .filter(({ Type }) => Type === type)
    .flatMap(({ Parameters = [] }) => Parameters)
    .filter(({ Name }) => Name === parameter)
    .flatMap(({ Values = [] }) => Values);
}

function invalid(problem: string) {
  return badRequest(`Configuration not valid: ${problem}.`);
}
