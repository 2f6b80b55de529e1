import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One refused import. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
}

interface CruiseReport {
  readonly summary: { readonly violations: readonly { from: string; rule: { name: string } }[] };
}

const DEPENDENCY_CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** Writes `files` (path to text) under the project's own rules into an empty folder and returns what is refused. */
export async function violationsOf(files: Readonly<Record<string, string>>): Promise<readonly Violation[]> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'longshore-architecture-'));
  try {
    for (const name of ['package.json', '.dependency-cruiser.cjs'])
      copyFileSync(join(ROOT, name), join(folder, name));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    for (const name of ['apps', 'libs', 'test', 'scripts'])
      mkdirSync(join(folder, name), { recursive: true });
    const { violations } = (await cruise(folder)).summary;
    return violations.map(({ rule, from }) => ({ rule: rule.name, from }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Resolves with the report also when it lists violations. */
async function cruise(folder: string): Promise<CruiseReport> {
  const args = [DEPENDENCY_CRUISER, 'apps', 'libs', 'test', 'scripts', '--output-type', 'json'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as CruiseReport);
      else reject(new Error(`dependency-cruiser gave no report: ${stderr}`, { cause: error }));
    });
  });
}
