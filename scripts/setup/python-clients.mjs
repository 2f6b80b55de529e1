import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runStep } from '../bootstrap/run-step.mjs';
import { findProgram, isExecutable } from './find-program.mjs';

/** Clients of the gateway that are written in Python, which tests drive. */
const PACKAGES = ['openai==3.54.0', 'schemathesis==4.32.5'];
/** The program that installs them, several times faster than pip. */
const INSTALLER = 'uv==0.13.9';
/** Nothing that was published later is installed. */
const PUBLISHED_BEFORE = '2026-11-22T00:00:00Z';
/** Raise it whenever what is installed changes. */
const EDITION = '1';

/**
 * The path of a Python that has them: PYTHON_CLIENTS_PATH, else what an earlier run has installed into
 * `.cache/python-clients`, else one that is made there now, in some seconds and 150 MB.
 * @throws Error with a sentence when there is none and none can be made
 */
export async function ensurePythonClients(root, say) {
  const configured = process.env.PYTHON_CLIENTS_PATH;
  if (configured) {
    if (isExecutable(configured)) return configured;
    throw new Error(`PYTHON_CLIENTS_PATH names ${configured}, which is no program; correct or unset it.`);
  }
  const folder = join(root, '.cache', 'python-clients');
  const python = join(folder, EDITION, 'bin', 'python');
  if (!isExecutable(python)) await install(root, join(folder, EDITION), say);
  await pointTo(join(folder, 'current'), EDITION);
  return python;
}

async function install(root, target, say) {
  if (findProgram('python3') === undefined)
    throw new Error('Install Python 3.10 or newer, or set PYTHON_CLIENTS_PATH to one that has the packages.');
  say(`Installing ${PACKAGES.join(' and ')}; this takes some seconds.`);
  const unfinished = `${target}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const tools = join(unfinished, '.tools');
  const step = (command, ...args) =>
    runStep({
      command,
      args,
      cwd: root,
      env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore', UV_CACHE_DIR: join(tools, 'cache') },
      failure:
        'The clients in Python could not be installed; set PYTHON_CLIENTS_PATH, or solve what was said',
    });
  const python = join(unfinished, 'bin', 'python');
  await step('python3', '-m', 'pip', 'install', '--quiet', '--no-input', '--target', tools, INSTALLER);
  const uv = join(tools, 'bin', 'uv');
  // Relocatable, because the folder gets its name when it is complete.
  await step(uv, 'venv', '--quiet', '--relocatable', '--allow-existing', '--python', 'python3', unfinished);
  const wishes = ['--python', python, '--exclude-newer', PUBLISHED_BEFORE];
  await step(uv, 'pip', 'install', '--quiet', ...wishes, ...PACKAGES);
  await step(python, '-c', 'import openai, schemathesis');
  await rm(tools, { recursive: true, force: true });
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}

async function pointTo(link, target) {
  const unfinished = `${link}.${process.pid}`;
  await symlink(target, unfinished);
  await rename(unfinished, link);
}
