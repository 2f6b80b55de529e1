import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runStep } from './run-step.mjs';

/**
 * Why `node_modules` must be installed anew, or undefined when it is what `package-lock.json` asks for.
 * `wanted` and `present` are the `packages` tables of package-lock.json and of npm's own record of what it installed.
 */
export function whyInstall(wanted, present) {
  if (present === undefined) return 'nothing is installed yet';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const have = present[path];
    if (have === undefined) {
      if (entry.optional || entry.devOptional || entry.peer) continue;
      return `${path} is missing`;
    }
    if (have.version !== entry.version) return `${path} is ${have.version} and should be ${entry.version}`;
  }
  return undefined;
}

/**
 * Makes `node_modules` what `package-lock.json` asks for, with `npm ci`, when it is not. `say` hears one line before
 * the work starts and nothing when there is none.
 * @throws Error with npm's own output when the installation fails
 */
export async function ensureInstalled(root, say = () => {}) {
  const wanted = await packagesOf(join(root, 'package-lock.json'));
  if (wanted === undefined) throw new Error(`${join(root, 'package-lock.json')} cannot be read.`);
  const why = whyInstall(wanted, await packagesOf(join(root, 'node_modules', '.package-lock.json')));
  if (why === undefined) return;
  say(`Installing packages: ${why}.`);
  await runStep({
    command: 'npm',
    args: ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'],
    cwd: root,
    failure: 'The packages could not be installed; is the network there? "npm ci" said',
  });
}

async function packagesOf(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
