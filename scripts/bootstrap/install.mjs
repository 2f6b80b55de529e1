import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.mjs';
import { runStep } from './run-step.mjs';

/**
 * Why `node_modules` must be installed anew, or undefined when it is what `package-lock.json` asks for. `wanted` is
 * the `packages` table of package-lock.json; `present` maps a package's path to the version that is there.
 */
export function whyInstall(wanted, present) {
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue;
    const version = present.get(path);
    if (version === entry.version) continue;
    if (version !== undefined) return `${path} is ${version} and should be ${entry.version}`;
    if (!entry.optional && !entry.devOptional) return `${path} is missing`;
  }
  return undefined;
}

/**
 * Makes `node_modules` what `package-lock.json` asks for, with `npm ci`, when it is not. `say` hears one line before
 * the work starts, one when another is at it already, and nothing when there is none.
 * @throws Error with npm's own output when the installation fails
 */
export async function ensureInstalled(root, say = () => {}) {
  if ((await reasonToInstall(root)) === undefined) return;
  await oneAtATime(root, say, () => install(root, say));
}

async function install(root, say) {
  const why = await reasonToInstall(root);
  if (why === undefined) return;
  say(`Installing packages: ${why}.`);
  await runStep({
    command: 'npm',
    args: ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'],
    cwd: root,
    mayBeKilled: true,
    failure: 'The packages could not be installed; is the network there? "npm ci" said',
  });
}

async function reasonToInstall(root) {
  const lock = await readJson(join(root, 'package-lock.json'));
  if (lock === undefined) throw new Error(`${join(root, 'package-lock.json')} cannot be read.`);
  // npm writes this record last, so an installation that was cut off has none.
  if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) return 'they are not there yet';
  const paths = Object.keys(lock.packages).filter((path) => path !== '');
  const versions = await Promise.all(
    paths.map(async (path) => [path, (await readJson(join(root, path, 'package.json')))?.version]),
  );
  return whyInstall(lock.packages, new Map(versions));
}

async function readJson(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
