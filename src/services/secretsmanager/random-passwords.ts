// GetRandomPassword. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html

import { type Ids, randomText } from '../../base/ids.ts';
import type { GetRandomPasswordRequest } from './api.gen.ts';
import { fault, operation } from './service.ts';

export const GetRandomPassword = operation('GetRandomPassword', {
  access: () => ({ action: 'secretsmanager:GetRandomPassword', resource: '*' }),
  handle: (input, { ids }) => ({ RandomPassword: randomPassword(ids, input) }),
});

const lengthDefault = 32;
const alphabets = {
  lowercase: 'abcdefghijklmnopqrstuvwxyz',
  uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  numbers: '0123456789',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

/** @throws Fault InvalidParameterException */
export function randomPassword(ids: Ids, input: GetRandomPasswordRequest): string {
  const { PasswordLength: length = lengthDefault, ExcludeCharacters = '', RequireEachIncludedType = true } = input;
  const types = [
    input.ExcludeLowercase === true ? '' : alphabets.lowercase,
    input.ExcludeUppercase === true ? '' : alphabets.uppercase,
    input.ExcludeNumbers === true ? '' : alphabets.numbers,
    input.ExcludePunctuation === true ? '' : alphabets.punctuation,
    input.IncludeSpace === true ? ' ' : '',
  ]
    .filter((alphabet) => alphabet !== '')
    .map((alphabet) => [...alphabet].filter((character) => !ExcludeCharacters.includes(character)).join(''));
  const all = types.join('');
  if (all === '' || (RequireEachIncludedType && types.includes(''))) {
    throw fault('InvalidParameterException', 'The password cannot be generated: the request excludes every character of a required type.');
  }
  if (RequireEachIncludedType && length < types.length) {
    throw fault('InvalidParameterException', 'Password length too short based on the required types.');
  }
  const required = RequireEachIncludedType ? types.map((alphabet) => randomText(ids, alphabet, 1)).join('') : '';
  return shuffled(ids, required + randomText(ids, all, length - required.length));
}

/** Fisher and Yates, with an index of four random bytes: the bias over at most 4,096 places is below one in a million. */
function shuffled(ids: Ids, text: string): string {
  const characters = [...text];
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = Buffer.from(ids.bytes(4)).readUInt32BE() % (last + 1);
    const [a = '', b = ''] = [characters[last], characters[other]];
    characters[last] = b;
    characters[other] = a;
  }
  return characters.join('');
}

export const randomPasswordOperations = [GetRandomPassword];
