// The clock of an installation, which is kept in its store.
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';
import { fixedClock } from '../base/clock.ts';
import { randomIds } from '../base/ids.ts';
import { fixedRootKey } from '../store/root-key.ts';
import { openSqliteStore } from '../store/sqlite/sqlite.ts';
import { advanceClock, resumeClock } from './installation.ts';

test('the clock goes on from where it is when the store was cleared, and a later start finds it there', async () => {
  const directory = temporaryDirectory('installation');
  const ids = randomIds();
  const store = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(ids.bytes(32)), ids });
  const clock = fixedClock(0);
  await advanceClock(store, clock, 5_000);
  await store.clear();
  await advanceClock(store, clock, 5_000);
  expect(clock.offsetMs).toBe(10_000);
  const later = fixedClock(0);
  await resumeClock(store, later, false);
  expect(later.offsetMs).toBe(10_000);
  await store.close();
  directory.remove();
});
