import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from '../architecture/planted-tree.js';
import { readVersions } from './variants.js';

/** Where a program is: what the set-up has brought, else the PATH's. */
export function findTool(name: string): string | undefined {
  const { DEPLOY_TOOLS = '', PATH = '' } = process.env;
  return [DEPLOY_TOOLS, ...PATH.split(delimiter)]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  /** Its standard output alone. */
  readonly stdout: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a program to its end in the repository; never throws for what it says. */
export async function run(
  name: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, input }: RunOptions = {},
): Promise<Ran> {
  const path = findTool(name);
  if (path === undefined) throw new Error(`There is no ${name}; "npm run check:deploy" installs it.`);
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, output: `${stdout}${stderr}` });
    });
    child.stdin?.end(input);
  });
}

/** `deploy/versions.env` as an environment. */
export function versionEnvironment(): Record<string, string> {
  return Object.fromEntries(readVersions());
}
