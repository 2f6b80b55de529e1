import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './planted-tree.js';

interface Manifest {
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const libraries = readdirSync(join(ROOT, 'libs'));

describe('package.json', () => {
  it('names every library and nothing else', () => {
    expect(Object.keys(manifest.imports).toSorted()).toEqual(libraries.map((name) => `#${name}`).toSorted());
  });

  it.each(libraries)('leads #%s to its index, as source and as built', (name) => {
    expect(manifest.imports[`#${name}`]).toEqual({
      'longshore-source': `./libs/${name}/src/index.ts`,
      default: `./dist/libs/${name}/src/index.js`,
    });
    expect(existsSync(join(ROOT, `libs/${name}/src/index.ts`))).toBe(true);
  });
});
