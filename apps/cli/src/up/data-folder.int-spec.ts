import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { makeDataFolder } from './data-folder.js';

/** For root every folder can be written to. */
function asOrdinaryUser<T>(act: () => T): T {
  if (process.getuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('makeDataFolder', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder('data');
    for (const name of ['models', 'redis', 'logs']) mkdirSync(join(folder.path, name));
    for (const name of ['', 'models', 'redis', 'logs']) chmodSync(join(folder.path, name), 0o777);
  });
  afterEach(async () => {
    for (const name of ['', 'models', 'redis', 'logs']) chmodSync(join(folder.path, name), 0o777);
    await folder.remove();
  });

  /** Root may be unable to become somebody else, and others to get at the temporary folder. */
  const canTry = (): boolean => {
    try {
      return asOrdinaryUser(() => existsSync(join(folder.path, 'logs')));
    } catch {
      return false;
    }
  };

  it.for(['', 'logs'])('says that /%s may not be written to', (name, { skip }) => {
    skip(!canTry(), 'no ordinary user to be');
    chmodSync(join(folder.path, name), 0o555);
    const make = () => asOrdinaryUser(() => makeDataFolder(folder.path));
    expect(make).toThrow(
      `The data folder ${folder.path} cannot be used: ${join(folder.path, name)} may not be written to (EACCES). Choose another: npm start -- --data DIR`,
    );
  });

  it('leaves nothing of its own in folders that may be written to', () => {
    const { root, models, redis, logs } = makeDataFolder(folder.path);
    expect(readdirSync(root).toSorted()).toEqual(['logs', 'models', 'redis']);
    expect([models, redis, logs].flatMap((path) => readdirSync(path))).toEqual([]);
  });
});
