// The resources of IAM that the tagging API can tag. AWS: of users and roles it says that it tags them and does not list them.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
import type { ArnParts } from '../../base/arn.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { type Taggable, type TagPlace, taggableRecords } from '../../kit/taggables.ts';
import type { Operations, Tag } from './api.gen.ts';
import { serverCertificates, virtualMfas } from './credential-records.ts';
import { tagList } from './entities.ts';
import { openIdProviders, samlProviders } from './identity-providers.ts';
import { instanceProfiles, lower, policies, roles, type Tags, users } from './records.ts';

const call = callsTo<Operations>('iam');

export const iamTaggables: readonly Taggable[] = [
  taggableRecords({
    ...kind('user'),
    isListed: false,
    records: users,
    resourceOf: (place, user) => ({ arn: arnAt(place, 'user', user.path, user.userName), tags: user.tags }),
    tag: tagging((context, arn, tags) => call(context, 'TagUser', { UserName: nameOf(arn), Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagUser', { UserName: nameOf(arn), TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('role'),
    isListed: false,
    records: roles,
    resourceOf: (place, role) => ({ arn: arnAt(place, 'role', role.path, role.roleName), tags: role.tags }),
    tag: tagging((context, arn, tags) => call(context, 'TagRole', { RoleName: nameOf(arn), Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagRole', { RoleName: nameOf(arn), TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('policy'),
    cloudFormationType: 'AWS::IAM::ManagedPolicy',
    records: policies,
    resourceOf: (place, policy) => ({ arn: arnAt(place, 'policy', policy.path, policy.policyName), tags: policy.tags }),
    tag: tagging((context, arn, tags) => call(context, 'TagPolicy', { PolicyArn: arn, Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagPolicy', { PolicyArn: arn, TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('instance-profile'),
    cloudFormationType: 'AWS::IAM::InstanceProfile',
    records: instanceProfiles,
    resourceOf: (place, profile) => ({ arn: arnAt(place, 'instance-profile', profile.path, profile.name), tags: profile.tags }),
    tag: tagging((context, arn, tags) => call(context, 'TagInstanceProfile', { InstanceProfileName: nameOf(arn), Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagInstanceProfile', { InstanceProfileName: nameOf(arn), TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('server-certificate'),
    cloudFormationType: 'AWS::IAM::ServerCertificate',
    records: serverCertificates,
    resourceOf: (place, certificate) => ({
      arn: arnAt(place, 'server-certificate', certificate.path, certificate.name),
      tags: certificate.tags,
    }),
    tag: tagging((context, arn, tags) => call(context, 'TagServerCertificate', { ServerCertificateName: nameOf(arn), Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagServerCertificate', { ServerCertificateName: nameOf(arn), TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('mfa'),
    cloudFormationType: 'AWS::IAM::VirtualMFADevice',
    records: virtualMfas,
    resourceOf: (_place, { serialNumber, tags }) => ({ arn: serialNumber, tags }),
    keyOf: ({ partition, account, resource }) => [lower(`arn:${partition}:iam::${account}:${resource}`)],
    tag: tagging((context, arn, tags) => call(context, 'TagMFADevice', { SerialNumber: arn, Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagMFADevice', { SerialNumber: arn, TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('saml-provider'),
    cloudFormationType: 'AWS::IAM::SAMLProvider',
    records: samlProviders,
    resourceOf: (place, { name, tags }) => ({ arn: arnAt(place, 'saml-provider', '/', name), tags }),
    tag: tagging((context, arn, tags) => call(context, 'TagSAMLProvider', { SAMLProviderArn: arn, Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagSAMLProvider', { SAMLProviderArn: arn, TagKeys: keys }),
  }),
  taggableRecords({
    ...kind('oidc-provider'),
    cloudFormationType: 'AWS::IAM::OIDCProvider',
    records: openIdProviders,
    resourceOf: (place, { url, tags }) => ({ arn: arnAt(place, 'oidc-provider', '/', url), tags }),
    keyOf: ({ resource }) => [resource.slice('oidc-provider/'.length)],
    tag: tagging((context, arn, tags) => call(context, 'TagOpenIDConnectProvider', { OpenIDConnectProviderArn: arn, Tags: tags })),
    untag: (context, arn, keys) => call(context, 'UntagOpenIDConnectProvider', { OpenIDConnectProviderArn: arn, TagKeys: keys }),
  }),
];

/** What most have in common: a path may stand before the name, and names are found without regard to case. */
function kind(name: string) {
  const prefix = `${name}/`;
  return { type: `iam:${name}`, prefix, isGlobal: true, keyOf: ({ resource }: ArnParts) => [lower(resource.split('/').at(-1) ?? '')] };
}

function arnAt({ partition, account }: TagPlace, type: string, path: string, name: string): string {
  return `arn:${partition}:iam::${account}:${type}${path}${name}`;
}

function nameOf(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}

function tagging(tag: (context: Context, arn: string, tags: readonly Tag[]) => Promise<unknown>) {
  return (context: Context, arn: string, tags: Tags) => tag(context, arn, tagList(tags));
}
