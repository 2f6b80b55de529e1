import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { HISTORY_LENGTH, HistoryFile } from './history-file.js';

let folder: TemporaryFolder;
let path = '';
beforeEach(async () => {
  folder = await makeTemporaryFolder('history');
  path = join(folder.path, 'below', 'history');
});
afterEach(() => folder.remove());

describe('the history of conversations', () => {
  it('has the latest line first, and is for the eyes of its owner', async () => {
    const history = new HistoryFile(path);
    for (const line of ['one', '  ', 'two']) history.add(line);
    expect(new HistoryFile(path).read()).toEqual(['two', 'one']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is not written while it is switched off, and not at all without a folder', async () => {
    const history = new HistoryFile(path, false);
    history.add('secret');
    await expect(readFile(path)).rejects.toThrow('ENOENT');
    const homeless = new HistoryFile(undefined);
    homeless.add('one');
    expect(homeless.read()).toEqual([]);
  });

  it('does not grow for ever', async () => {
    new HistoryFile(path).add('first');
    const lines = Array.from({ length: 2 * HISTORY_LENGTH + 1 }, (_, index) => `line ${index}`);
    await writeFile(path, `${lines.join('\n')}\n`);
    expect(new HistoryFile(path).read()).toHaveLength(HISTORY_LENGTH);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(HISTORY_LENGTH + 1);
  });

  it('that cannot be written is done without', () => {
    const history = new HistoryFile('/dev/null/history');
    expect(() => history.add('one')).not.toThrow();
    expect(history.read()).toEqual([]);
  });
});
