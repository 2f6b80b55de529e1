import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { checkRuntimeFlags, RUNTIME_FLAGS } from '#contracts';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';

const { values = new Map() } = RUNTIME_FLAGS['llama.cpp'];

/** Flags behind one another are read one by one, and the last asks for the version only. */
function isTaken(words: readonly string[]): boolean {
  const { status } = spawnSync(installedLlamaServer(), [...words, '--version'], { timeout: 60_000 });
  return status === 0;
}

/** Values at the edges of what anything takes. */
const TRIED =
  '0 1 -1 3 4 +5 40.5 .5 1e-3 inf 8k -2147483648 2147483647 on off auto enabled false all q8_0 iq4_nl none layer yarn rank deepseek'.split(
    ' ',
  );

/** Older versions take -1 for all tokens there are. */
const OF_OLDER_VERSIONS = ['--repeat-last-n -1', '--dry-penalty-last-n -1'];

describe('the values of flags', () => {
  it('that a configuration may have are all taken by llama-server', () => {
    const words = [...values].flatMap(([flag, { holds }]) =>
      TRIED.filter((value) => holds(value) && !OF_OLDER_VERSIONS.includes(`${flag} ${value}`)).flatMap(
        (value) => [flag, value],
      ),
    );
    expect(words.length).toBeGreaterThan(values.size);
    expect(isTaken(words)).toBe(true);
  });

  it('that a configuration may not have are refused by llama-server as well', () => {
    // Several flags may have one rule, of which one flag is tried.
    const rules = new Map([...values].map(([flag, rule]) => [rule, flag]));
    for (const [{ holds }, flag] of rules) {
      const wrong = ['foo', ...TRIED].filter((value) => !holds(value)).slice(0, 3);
      for (const value of wrong) {
        expect(checkRuntimeFlags('llama.cpp', [flag, value])).toBeDefined();
        expect(isTaken([flag, value]), `${flag} ${value}`).toBe(false);
      }
    }
  });
});
