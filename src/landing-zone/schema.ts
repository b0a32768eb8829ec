// The form of a landing zone's file as a JSON schema: what files are checked with, and what docs/generated/landing-zone.schema.json publishes.
import type { Schema } from './schema-check.ts';

const name = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,47}$' };
const region = { type: 'string', pattern: '^[a-z]{2}(-[a-z]+)+-\\d$' };
const servicePrincipal = { type: 'string', pattern: '^[a-z0-9.-]+\\.amazonaws\\.com$' };
const names = { type: 'array', items: name };
const unitPath = { type: 'string', pattern: '^(/|[^/\\p{Cc}]{1,128}(/[^/\\p{Cc}]{1,128}){0,4})$' };
const accountId = { type: 'string', pattern: '^\\d{12}$' };
const policyArn = { type: 'string', pattern: '^(arn:aws[a-z-]*:iam::aws:policy/[A-Za-z0-9+=,.@_/-]+|[A-Za-z0-9+=,.@_/-]+)$' };
const statements = {
  type: 'array',
  minItems: 1,
  description: 'Statements of an IAM policy. `{{account:NAME}}` and `{{organization}}` stand for ids.',
  items: { type: 'object', required: ['Effect'], properties: { Sid: { type: 'string' }, Effect: { enum: ['Allow', 'Deny'] } } },
};
const octet = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
/** Version 4, or what looks like version 6. */
const network = {
  type: 'string',
  pattern: `^(?:(?:${octet}\\.){3}${octet}/(?:3[0-2]|[12]?\\d)|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F.]{0,15}){2,7}/(?:12[0-8]|1[01]\\d|[1-9]?\\d))$`,
};
const targets = {
  units: { type: 'array', items: unitPath, description: 'Paths of units; `/` is the root.' },
  accounts: { ...names, description: 'Names of accounts.' },
};
const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const map = (value: Schema, key: Schema = name) => ({ type: 'object', propertyNames: key, additionalProperties: value });

export const guardrailKinds = [
  'no-leaving',
  'no-root-use',
  'region-limit',
  'protect-baseline',
  'protect-trails',
  'data-perimeter',
  'resource-perimeter',
  'service-control',
  'resource-control',
] as const;

export const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Castellan landing zone',
  description: 'The accounts, units, guardrails, roles, groups, users and keys that `castellan landing-zone apply` builds.',
  ...object(
    {
      $schema: { type: 'string' },
      zone: { ...name, description: 'Name of the landing zone: its mark on what it makes. Default: `castellan`.' },
      emails: {
        type: 'string',
        pattern: '^[^@\\s]*\\{account\\}[^@\\s]*@[^@\\s]+$|^[^@\\s]+@[^@\\s]*\\{account\\}[^@\\s]*$',
        description: 'Addresses of new accounts; `{account}` is the name of the account.',
      },
      regions: { type: 'array', minItems: 1, items: region, description: 'Where work is done; keys are in the first.' },
      units: { type: 'array', items: unitPath, description: 'Paths of organisational units; their parents are made too.' },
      accounts: {
        ...map(
          object(
            {
              unit: { ...unitPath, description: 'Where the account is; `/` is the root.' },
              email: { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+$', description: 'Default: by `emails`.' },
            },
            ['unit'],
          ),
        ),
        description: 'Accounts by name.',
      },
      trustedServices: {
        type: 'array',
        items: servicePrincipal,
        description: 'Services with trusted access to the organisation.',
      },
      administrators: {
        ...map(name, servicePrincipal),
        description: 'The account that administers a service for the organisation, by service principal. Implies trusted access.',
      },
      centralRootAccess: {
        type: 'boolean',
        description: 'Members have no root credentials; the management account opens short root sessions (sts:AssumeRoot).',
      },
      guardrails: {
        ...map(
          object(
            {
              kind: { enum: guardrailKinds },
              description: { type: 'string', maxLength: 512 },
              ...targets,
              regions: { type: 'array', minItems: 1, items: region, description: 'region-limit: instead of the regions of the file.' },
              exempt: {
                type: 'array',
                items: { type: 'string' },
                description: 'region-limit: further actions; others: role ARN patterns.',
              },
              networks: {
                type: 'array',
                items: network,
                description: 'data-perimeter: where requests come from (CIDR). None: from anywhere.',
              },
              trustedAccounts: { type: 'array', items: accountId, description: 'Perimeters: partners outside the organisation.' },
              services: {
                type: 'array',
                minItems: 1,
                items: { type: 'string', pattern: '^[a-z0-9-]+$' },
                description: 'Perimeters: prefixes of the services whose resources are inside. Default: kms, s3, secretsmanager, sqs, sts.',
              },
              statements,
            },
            ['kind'],
          ),
        ),
        description: 'Service and resource control policies by name.',
      },
      roles: {
        ...map(
          object({
            ...targets,
            description: { type: 'string', maxLength: 1000 },
            trusts: {
              ...names,
              description: 'Accounts whose principals may be allowed to assume the role. Default: the identity account.',
            },
            trustsServices: { type: 'array', items: servicePrincipal },
            trustsProviders: { ...names, description: 'Identity providers of `identity` (only for roles in the identity account).' },
            mfa: { type: 'boolean', description: 'A second factor is needed.' },
            sessionHours: { type: 'integer', minimum: 1, maximum: 12 },
            policies: { type: 'array', items: policyArn, description: 'AWS managed policies, by ARN or name.' },
            statements,
            assumes: { ...names, description: 'Roles of this file that it may assume.' },
          }),
        ),
        description: 'Roles by name, and the accounts that they are in.',
      },
      identity: {
        ...object(
          {
            account: { ...name, description: 'The identity account.' },
            groups: map(
              object({
                assumes: { ...names, description: 'Roles of this file that its members may assume.' },
                policies: { type: 'array', items: policyArn },
                statements,
              }),
            ),
            users: map(object({ groups: names }), { type: 'string', pattern: '^[A-Za-z0-9+=,.@_-]{1,64}$' }),
            openIdConnect: map(
              object(
                {
                  url: { type: 'string', pattern: '^https://\\S+$' },
                  clients: { type: 'array', minItems: 1, items: { type: 'string' } },
                  thumbprints: { type: 'array', items: { type: 'string', pattern: '^[0-9a-fA-F]{40}$' } },
                },
                ['url', 'clients'],
              ),
            ),
            saml: map(
              object({ metadata: { type: 'string', description: 'Path of the metadata file, seen from this file.' } }, ['metadata']),
            ),
          },
          ['account'],
        ),
        description: 'People: all groups, users and identity providers are in one account.',
      },
      keys: {
        ...map(
          object(
            {
              account: name,
              region,
              description: { type: 'string', maxLength: 1000 },
              sharedWith: { enum: ['account', 'organization'], description: 'Who may use it, given permission. Default: its account.' },
              decryptOnly: { type: 'boolean', description: 'Others than the account itself may only decrypt.' },
              services: { type: 'array', items: servicePrincipal, description: 'Services that may encrypt with it for the organisation.' },
            },
            ['account'],
          ),
        ),
        description: 'KMS keys by alias: for the log archive, for published artefacts.',
      },
    },
    ['emails', 'regions', 'accounts'],
  ),
};
