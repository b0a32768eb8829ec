// What the organisation lets services and accounts do for it: trusted access, delegated administrators, central root access.
import { listAll, textIn, unlessRefused, valuesIn } from '../api.ts';
import type { Found } from '../item.ts';
import { requireId } from '../world.ts';
import { inEveryAccount, type Kind, lastOf } from './kind.ts';
import { isMarkedOnRoot, markOnRoot, unmarkOnRoot } from './tags.ts';

const iamService = 'iam.amazonaws.com';

export const trustedServices: Kind = {
  name: 'service',
  wanted({ file }) {
    const central = file.centralRootAccess ? [iamService] : [];
    return [...new Set([...file.trustedServices, ...Object.keys(file.administrators), ...central])].toSorted().map(serviceItem);
  },
  async find(world, wanted) {
    if (world.rootId === '') return [];
    const call = { service: 'organizations', operation: 'ListAWSServiceAccessForOrganization' } as const;
    const enabled = (await listAll(world.api, call, 'EnabledServicePrincipals')).map((each) => textIn(each, 'ServicePrincipal'));
    const isOurs = ({ address }: { address: string }) => wanted.some((each) => each.address === address) || isMarkedOnRoot(world, address);
    return enabled.map((service) => ({ ...serviceItem(service), id: service })).filter(isOurs);
  },
  async create(world, { address }) {
    await markOnRoot(world, address);
    const input = { ServicePrincipal: lastOf(address) };
    await world.api({ service: 'organizations', operation: 'EnableAWSServiceAccess', input });
  },
  change: async () => undefined,
  async remove(world, { address }) {
    const input = { ServicePrincipal: lastOf(address) };
    await world.api({ service: 'organizations', operation: 'DisableAWSServiceAccess', input });
    await unmarkOnRoot(world, address);
  },
};

function serviceItem(service: string) {
  return { address: `service/${service}`, place: ['organization', 'trusted services', service], properties: {} };
}

export const administrators: Kind = {
  name: 'administrator',
  wanted: ({ file }) => Object.entries(file.administrators).map(([service, account]) => administratorItem(service, account)),
  find: (world) =>
    inEveryAccount(world, async ({ name, id }): Promise<readonly Found[]> => {
      const call = { service: 'organizations', operation: 'ListDelegatedServicesForAccount', input: { AccountId: id } } as const;
      // AWS: an account that administers nothing is not registered.
      const services = await unlessRefused(listAll(world.api, call, 'DelegatedServices'), /^AccountNotRegistered/, []);
      return services.map((each) => ({ ...administratorItem(textIn(each, 'ServicePrincipal'), name), id }));
    }),
  async create(world, { address }) {
    const [, service, account = ''] = address.split('/');
    const input = { AccountId: requireId(world.accounts, account), ServicePrincipal: service };
    await world.api({ service: 'organizations', operation: 'RegisterDelegatedAdministrator', input });
  },
  change: async () => undefined,
  async remove(world, { address, id }) {
    const input = { AccountId: id, ServicePrincipal: address.split('/')[1] };
    await world.api({ service: 'organizations', operation: 'DeregisterDelegatedAdministrator', input });
  },
};

function administratorItem(service: string, account: string) {
  return {
    address: `administrator/${service}/${account}`,
    place: ['organization', 'administrators', `${service} by ${account}`],
    properties: {},
  };
}

const features = ['RootCredentialsManagement', 'RootSessions'] as const;

export const rootAccess: Kind = {
  name: 'root-access',
  wanted: ({ file }) => (file.centralRootAccess ? features.map(rootItem) : []),
  async find(world, wanted) {
    if (world.rootId === '') return [];
    const answer = await unlessRefused(
      world.api({ service: 'iam', operation: 'ListOrganizationsFeatures' }),
      /^ServiceAccessNotEnabled/,
      {},
    );
    const enabled = valuesIn(answer, 'EnabledFeatures').map(String);
    const isOurs = ({ address }: { address: string }) => wanted.some((each) => each.address === address) || isMarkedOnRoot(world, address);
    return enabled.map((feature) => ({ ...rootItem(feature), id: feature })).filter(isOurs);
  },
  async create(world, { address }) {
    await markOnRoot(world, address);
    await world.api({ service: 'iam', operation: `EnableOrganizations${lastOf(address)}` });
  },
  change: async () => undefined,
  async remove(world, { address }) {
    await world.api({ service: 'iam', operation: `DisableOrganizations${lastOf(address)}` });
    await unmarkOnRoot(world, address);
  },
};

function rootItem(feature: string) {
  return { address: `root-access/${feature}`, place: ['organization', 'central root access', feature], properties: {} };
}
