import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../chaos/faults/catalogue.js';

const PAGE = await readFile('docs/reliability.md', 'utf8');
const TABLE = PAGE.split('\n').filter((line) => line.startsWith('|'));
const namedIn = (line: string, pattern: RegExp): string[] =>
  [...line.matchAll(pattern)].map(([, name]) => name ?? '');

describe('docs/reliability.md', () => {
  it('names tests that are there', async () => {
    const specs = await readdir('test/e2e');
    const named = namedIn(PAGE, /`test\/e2e\/([\w-]+)`/g);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !specs.includes(`${name}.e2e-spec.ts`))).toEqual([]);
  });

  it('names every fault of the chaos suite, and no other', () => {
    const named = TABLE.flatMap((line) => namedIn(line.split('chaos')[1] ?? '', /`([\w-]+)`/g));
    expect(named.filter((name) => !FAULT_NAMES.some((fault) => fault === name))).toEqual([]);
    expect(FAULT_NAMES.filter((fault) => !named.includes(fault))).toEqual([]);
  });
});
