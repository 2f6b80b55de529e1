import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { oneAtATime } from '../bootstrap/one-at-a-time.mjs';
import { runStep } from '../bootstrap/run-step.mjs';
import { isExecutable } from './find-program.mjs';
import { pointTo } from './point-to.mjs';

/** The program that installs packages, several times faster than pip and with less memory. */
const INSTALLER = 'uv==0.13.9';
/** Nothing that was published later is installed. */
const PUBLISHED_BEFORE = '2026-11-22T00:00:00Z';

/**
 * The path of a program of a Python environment: what `variable` names, else that of an earlier run in
 * `.cache/<name>/<version>`, else that of one made there now.
 * @param {{
 *   root: string, variable: string, name: string, version: string,
 *   program: string, failure: string, say: (line: string) => void,
 *   prepare: () => void,
 *   fill: (environment: {
 *     folder: string, tools: string,
 *     step: (command: string, ...args: string[]) => Promise<void>,
 *     install: (...words: string[]) => Promise<void>,
 *   }) => Promise<void>,
 * }} options `program` in the `bin` of the environment; `failure` for the person who has to put it right; `prepare` says
 *   what is about to be made, or throws where it cannot be; `fill` installs what the environment is for, with `tools` as
 *   a folder that goes when that is done.
 * @throws Error with a sentence when there is none and none can be made
 */
export async function ensurePythonProgram(options) {
  const { root, variable, name, version, program, say } = options;
  const configured = process.env[variable];
  if (configured) {
    if (isExecutable(configured)) return configured;
    throw new Error(`${variable} names ${configured}, which is no program; correct or unset it.`);
  }
  const folder = join(root, '.cache', name);
  const path = join(folder, version, 'bin', program);
  if (!isExecutable(path)) {
    await oneAtATime(root, say, async () => {
      if (!isExecutable(path)) await make(join(folder, version), options);
    });
  }
  await pointTo(join(folder, 'current'), version);
  return path;
}

async function make(target, { root, failure, prepare, fill }) {
  prepare();
  const unfinished = `${target}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const tools = join(unfinished, '.tools');
  const env = { ...process.env, PIP_ROOT_USER_ACTION: 'ignore', UV_CACHE_DIR: join(tools, 'cache') };
  const step = (command, ...args) => runStep({ command, args, cwd: root, env, failure });
  await step('python3', '-m', 'pip', 'install', '--quiet', '--no-input', '--target', tools, INSTALLER);
  const uv = join(tools, 'bin', 'uv');
  // Relocatable, because the folder gets its name when it is complete.
  await step(uv, 'venv', '--quiet', '--relocatable', '--allow-existing', '--python', 'python3', unfinished);
  const wishes = ['--python', join(unfinished, 'bin', 'python'), '--exclude-newer', PUBLISHED_BEFORE];
  const install = (...words) => step(uv, 'pip', 'install', '--quiet', ...wishes, ...words);
  await fill({ folder: unfinished, tools, step, install });
  await rm(tools, { recursive: true, force: true });
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}
