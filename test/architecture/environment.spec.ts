import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './planted-tree.js';

const READS_ENVIRONMENT =
  /process\s*(?:\?\.|\.)\s*env\b|process\s*\[\s*['"`]env|\benv\b[^}]*\}\s*=\s*process\b|from\s+['"](?:node:)?process['"]/;
const MAY_READ =
  /^libs\/(?:config|testing)\/|\.(?:spec|int-spec|e2e-spec|vllm-spec|deploy-spec)\.ts$|\/__(?:fixtures|contract)__\//;

function sources(): readonly string[] {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
  );
}

describe('the environment', () => {
  it.each([
    'process.env.HOME',
    "process . env['HOME']",
    "process['env']",
    'const { env } = process;',
    "import { env } from 'node:process';",
  ])('counts %s as reading it', (text) => {
    expect(READS_ENVIRONMENT.test(text)).toBe(true);
  });

  it('is read in libs/config only', () => {
    const files = sources();
    expect(files).toContain('libs/config/src/read-config.ts');
    const readers = files
      .filter((file) => !MAY_READ.test(file))
      .filter((file) => READS_ENVIRONMENT.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(readers).toEqual([]);
  });
});
