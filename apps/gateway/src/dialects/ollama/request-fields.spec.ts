import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REQUEST_FIELDS } from './__fixtures__/request-fields.js';
import { OPTION_RULES } from './option-rules.js';

const LIBRARY = dirname(createRequire(import.meta.url).resolve('ollama'));
const DECLARATIONS = readFileSync(join(LIBRARY, 'browser.d.ts'), 'utf8');
const API_PAGE = readFileSync(new URL('../../../../../docs/api.md', import.meta.url), 'utf8');

/** The members that the official Ollama library declares in the interface of that name. */
function declared(name: string): string[] {
  const start = new RegExp(`^interface ${name} \\{`, 'm').exec(DECLARATIONS)?.index;
  if (start === undefined) throw new Error(`The library declares no ${name}.`);
  const body = DECLARATIONS.slice(start, DECLARATIONS.indexOf('\n}', start));
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, member]) => member ?? '');
}

describe('the fields of requests', () => {
  it.each([
    ['ChatRequest', 'chat'],
    ['GenerateRequest', 'generate'],
    ['EmbedRequest', 'embed'],
    ['EmbeddingsRequest', 'embeddings'],
    ['PullRequest', 'pull'],
    ['PushRequest', 'push'],
    ['CreateRequest', 'create'],
    ['DeleteRequest', 'delete'],
    ['CopyRequest', 'copy'],
    ['ShowRequest', 'show'],
  ])('that %s declares are all decided on', (name, route) => {
    const members = declared(name);
    expect(members.length).toBeGreaterThan(0);
    expect(members.filter((member) => !Object.hasOwn(REQUEST_FIELDS[route] ?? {}, member))).toEqual([]);
  });

  it('that are options are all decided on', () => {
    const members = declared('Options');
    expect(members).toContain('temperature');
    expect(members.filter((member) => !Object.hasOwn(OPTION_RULES, member))).toEqual([]);
  });

  it('of every request that the library makes are looked at', () => {
    const requests = [...DECLARATIONS.matchAll(/^interface (\w+)Request \{/gm)].map(([, name]) => name);
    const elsewhere = ['WebSearch', 'WebFetch', 'SystemOne'];
    const known = Object.keys(REQUEST_FIELDS);
    const unknown = requests.filter(
      (name = '') => !known.includes(name.toLowerCase()) && !elsewhere.includes(name),
    );
    expect(unknown).toEqual([]);
  });

  it('are named in the documentation where something of them is lost', () => {
    const lost = [...Object.values(REQUEST_FIELDS), OPTION_RULES].flatMap((rules) =>
      Object.entries(rules).filter(([, { fate }]) => fate !== 'honoured'),
    );
    const names = [...new Set(lost.map(([name]) => name))];
    expect(names.filter((name) => !API_PAGE.includes(`\`${name}\``))).toEqual([]);
  });
});
