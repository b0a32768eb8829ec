// The compiler refuses an operation whose access names an action, a resource type or a condition key that AWS does not have.
import { expect, test } from 'vitest';
import type { Operations } from '../services/iam/api.gen.ts';
import { type Access, serviceKit } from './operation.ts';
import { resourceNamed } from './resource-arns.ts';

const { operation } = serviceKit<Operations>();

test('actions, resource types and condition keys of AWS compile, those of other services and of tags too', () => {
  const known: readonly Access[] = [
    { action: 'iam:CreateUser', resource: '*', context: { 'iam:PermissionsBoundary': 'arn', 'aws:RequestTag/team': 'a' } },
    { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:111122223333:key/${'k'}` },
    { action: 'iam:PassRole', resource: resourceNamed<'iam:role'>('arn:aws:iam::111122223333:role/r') },
    { action: 'kms:ReEncryptFrom', resource: '*', context: { 'kms:EncryptionContext:app': 'a', 'kms:ViaService': undefined } },
  ];
  expect(known).toHaveLength(4);
});

const anyText: string = 'arn:aws:iam::111122223333:user/alice';

test('others do not: `npm run types` fails when one of these lines compiles', () => {
  const unknown: readonly Access[] = [
    // @ts-expect-error no such action
    { action: 'iam:CreateUsr', resource: '*' },
    // @ts-expect-error no such service
    { action: 'imm:CreateUser', resource: '*' },
    // @ts-expect-error no such resource type
    { action: 'iam:CreateUser', resource: `arn:${'aws'}:iam::${'1'}:usr/alice` },
    // @ts-expect-error a resource of no declared type
    { action: 'iam:CreateUser', resource: anyText },
    // @ts-expect-error no such resource type
    { action: 'iam:CreateUser', resource: resourceNamed<'iam:usr'>(anyText) },
    // @ts-expect-error no such condition key
    { action: 'iam:CreateUser', resource: '*', context: { 'iam:PermissionBoundary': 'arn' } },
  ];
  const declared = operation('DeleteUser', {
    // @ts-expect-error no such action
    access: () => ({ action: 'iam:RemoveUser', resource: '*' }),
    handle: () => ({}),
  });
  expect([unknown.length, declared.name]).toEqual([6, 'DeleteUser']);
});
