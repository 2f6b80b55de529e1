import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { runCli } from './support/run-cli.js';

/** Packages that are there for others: classes with rules, and reading what a user never asked for. */
const SLOW = ['class-validator', 'class-transformer', 'validator', 'libphonenumber-js'];

let folder: TemporaryFolder;
let teller: string;
beforeAll(async () => {
  folder = await makeTemporaryFolder('start');
  teller = join(folder.path, 'tell-what-was-loaded.cjs');
  await writeFile(
    teller,
    `process.on('exit', () => console.error('loaded ' + Object.keys(require.cache).join(' ')));\n`,
  );
});
afterAll(() => folder.remove());

it.each(['--version', '--help', 'list', 'status'])(
  'longshore %s begins without the packages that take longest to load',
  async (verb) => {
    const environment = { NODE_OPTIONS: `--require ${teller}` };
    const { error } = await runCli('http://127.0.0.1:1', [verb], { environment });
    const loaded = error.split('\n').find((line) => line.startsWith('loaded ')) ?? '';
    expect(loaded).toContain('node_modules/commander/');
    expect(SLOW.filter((name) => loaded.includes(`node_modules/${name}/`))).toEqual([]);
  },
);
