// Generated documents are fresh: what is checked in is what the code says now.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedDocuments } from './documents.ts';

test('docs/generated says what the code says (run `npm run gen` when it does not)', async () => {
  for (const [path, text] of await generatedDocuments())
    expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'), path).toBe(text);
});
