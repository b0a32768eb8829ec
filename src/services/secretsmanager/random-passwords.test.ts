// GetRandomPassword through the whole pipeline: alphabets, required types, and what cannot be made.
import { GetRandomPasswordCommand, type GetRandomPasswordCommandInput, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('random-passwords');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

const password = async (input: GetRandomPasswordCommandInput) =>
  (await client.send(new GetRandomPasswordCommand(input))).RandomPassword ?? '';

test('has 32 characters of every type, and never the same', async () => {
  const made = await Promise.all(Array.from({ length: 50 }, () => password({})));
  for (const each of made) {
    expect(each).toMatch(/^[!-~]{32}$/);
    for (const type of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) expect(each).toMatch(type);
  }
  expect(new Set(made).size).toBe(50);
});

test.each<[GetRandomPasswordCommandInput, RegExp]>([
  [{ PasswordLength: 4096 }, /^[!-~]{4096}$/],
  [{ PasswordLength: 4 }, /^[!-~]{4}$/],
  [{ PasswordLength: 1, RequireEachIncludedType: false }, /^[!-~]$/],
  [{ ExcludePunctuation: true, ExcludeNumbers: true }, /^[a-zA-Z]{32}$/],
  [{ ExcludeUppercase: true, ExcludeLowercase: true, ExcludePunctuation: true }, /^[0-9]{32}$/],
  [{ ExcludePunctuation: true, IncludeSpace: true, PasswordLength: 200 }, /^(?=.* )[a-zA-Z0-9 ]{200}$/],
  [{ ExcludeCharacters: 'abc/@"\'\\', PasswordLength: 1000 }, /^[^abc/@"'\\]{1000}$/],
  [{ ExcludeCharacters: '0123456789', RequireEachIncludedType: false, PasswordLength: 500 }, /^[^0-9]{500}$/],
])('%j', async (input, pattern) => {
  expect(await password(input)).toMatch(pattern);
});

test.each<[GetRandomPasswordCommandInput, string]>([
  [{ PasswordLength: 3 }, 'Password length too short based on the required types.'],
  [{ ExcludeCharacters: '0123456789' }, 'The password cannot be generated: the request excludes every character of a required type.'],
  [
    { ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true },
    'The password cannot be generated: the request excludes every character of a required type.',
  ],
])('refuses %j', async (input, message) => {
  await expect(password(input)).rejects.toMatchObject({ name: 'InvalidParameterException', message });
});
