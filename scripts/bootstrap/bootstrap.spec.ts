import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly optional?: boolean;
  readonly link?: boolean;
}

/** The scripts are plain JavaScript, because they run before anything is compiled; these are their signatures. */
const load = async <T>(name: string) => (await import(new URL(name, import.meta.url).href)) as T;
const { isNewEnough, requireNode } = await load<{
  isNewEnough: (version: string, oldest?: readonly number[]) => boolean;
  requireNode: (version?: string) => void;
}>('node-version.mjs');
const { whyInstall } = await load<{
  whyInstall: (
    wanted: Readonly<Record<string, LockEntry>>,
    present: ReadonlyMap<string, string | undefined>,
  ) => string | undefined;
}>('install.mjs');
const { planBuild } = await load<{
  planBuild: (
    sources: readonly string[],
    built: readonly string[] | undefined,
  ) => { compile: boolean; anew: boolean; lost: readonly string[] };
}>('build.mjs');
const { runStep } = await load<{
  runStep: (step: { command: string; args: string[]; cwd: string; failure: string }) => Promise<void>;
}>('run-step.mjs');

describe('isNewEnough', () => {
  it.each([
    ['v20.19.0', true],
    ['v20.20.2', true],
    ['v24.0.0', true],
    ['v20.18.3', false],
    ['v18.20.8', false],
  ])('says of %s: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });

  it('refuses an old Node with a sentence', () => {
    expect(() => requireNode('v18.0.0')).toThrow(/needs Node\.js 20\.19\.0 or newer and this is v18\.0\.0/);
  });
});

describe('whyInstall', () => {
  const wanted = {
    '': {},
    a: { version: '1.0.0' },
    b: { version: '2.0.0', optional: true },
    c: { link: true },
  };

  it('is content with what the lock asks for, without the optional packages of other platforms', () => {
    expect(whyInstall(wanted, new Map([['a', '1.0.0']]))).toBeUndefined();
  });

  it('names a package that is missing or has another version', () => {
    expect(whyInstall(wanted, new Map())).toBe('a is missing');
    expect(whyInstall(wanted, new Map([['a', '1.0.1']]))).toBe('a is 1.0.1 and should be 1.0.0');
  });

  it('does not keep an optional package of another version', () => {
    const present = new Map([
      ['a', '1.0.0'],
      ['b', '1.9.0'],
    ]);
    expect(whyInstall(wanted, present)).toBe('b is 1.9.0 and should be 2.0.0');
  });
});

describe('planBuild', () => {
  const sources = ['a.ts 1 100', 'b.ts 2 100'];

  it('does nothing when no source has changed', () => {
    expect(planBuild(sources, sources.toReversed())).toEqual({ compile: false, anew: false, lost: [] });
  });

  it('compiles when a source is changed or new', () => {
    const due = { compile: true, anew: false, lost: [] };
    expect(planBuild(['a.ts 1 101', 'b.ts 2 100'], sources)).toEqual(due);
    expect(planBuild([...sources, 'c.ts 1 1'], sources)).toEqual(due);
  });

  it('compiles everything when there was no complete build', () => {
    expect(planBuild(sources, undefined)).toEqual({ compile: true, anew: true, lost: [] });
  });

  it('names the sources that are gone, so that their outputs go too', () => {
    expect(planBuild(['a.ts 1 100'], sources)).toEqual({ compile: true, anew: false, lost: ['b.ts'] });
  });
});

describe('runStep', () => {
  const run = async (script: string) => {
    const cwd = mkdtempSync(join(tmpdir(), 'longshore-step-'));
    try {
      await runStep({ command: process.execPath, args: ['-e', script], cwd, failure: 'It failed' });
      return 'done';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  };

  it('keeps quiet about a command that ends well', async () => {
    await expect(run('console.log(1)')).resolves.toBe('done');
  });

  it('shows what a failing command said, and how it ended', async () => {
    const script = "console.log('one'); console.error('two'); process.exitCode = 3";
    const message = await run(script);
    expect(message).toMatch(/^It failed \(exit code 3\)\.\n/);
    expect(message.split('\n').slice(1).toSorted()).toEqual(['one', 'two']);
  });

  it('says that a command is not there', async () => {
    const step = { command: '/nowhere/npm', args: [], cwd: tmpdir(), failure: 'It failed' };
    await expect(runStep(step)).rejects.toThrow(/^It failed \(spawn \/nowhere\/npm ENOENT\)\.$/);
  });
});
