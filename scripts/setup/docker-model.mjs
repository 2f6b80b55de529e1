import { execFile } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { oneAtATime } from '../bootstrap/one-at-a-time.mjs';
import { runStep } from '../bootstrap/run-step.mjs';
import { findProgram, isExecutable } from './find-program.mjs';
import { pointTo } from './point-to.mjs';

/** The module that the `docker model` command is part of. */
const MODULE = 'github.com/docker/model-runner';
const VERSION = 'v1.2.6';

/**
 * The path of a docker-model: DOCKER_MODEL_PATH, else what an earlier run has built into `.cache/docker-model`, else one
 * that is built there now, which takes a minute and needs Go. It never looks at a docker-model of the PATH, which may be
 * of any version.
 * @throws Error with a sentence when there is none and none can be built
 */
export async function ensureDockerModel(root, say) {
  const configured = process.env.DOCKER_MODEL_PATH;
  if (configured) {
    if (isExecutable(configured)) return configured;
    throw new Error(`DOCKER_MODEL_PATH names ${configured}, which is no program; correct or unset it.`);
  }
  const folder = join(root, '.cache', 'docker-model');
  const program = join(folder, VERSION, 'docker-model');
  if (!isExecutable(program)) {
    await oneAtATime(root, say, async () => {
      if (!isExecutable(program)) await build(program, say);
    });
  }
  await pointTo(join(folder, 'current'), VERSION);
  return program;
}

async function build(program, say) {
  if (findProgram('go') === undefined)
    throw new Error('Install Go, or set DOCKER_MODEL_PATH to the docker-model of your own.');
  say(`Building docker-model ${VERSION}; the first time on a machine this takes about a minute.`);
  const source = await download();
  const unfinished = `${program}.unfinished`;
  await mkdir(dirname(program), { recursive: true });
  await rm(unfinished, { force: true });
  const version = `-X ${MODULE}/cmd/cli/desktop.Version=${VERSION}`;
  await runStep({
    command: 'go',
    args: [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      `-s -w ${version}`,
      '-o',
      unfinished,
      './cmd/cli',
    ],
    cwd: source,
    failure:
      'docker-model could not be built; set DOCKER_MODEL_PATH to one of your own, or solve what Go said',
  });
  await rename(unfinished, program);
}

/** @returns the folder of the module's source, which Go keeps and checks against its published sum */
async function download() {
  const args = ['mod', 'download', '-json', `${MODULE}@${VERSION}`];
  try {
    const { stdout } = await promisify(execFile)('go', args);
    return JSON.parse(stdout).Dir;
  } catch (error) {
    const said = error.stdout?.trim() || error.message;
    throw new Error(`The source of docker-model ${VERSION} could not be fetched: ${said}`, { cause: error });
  }
}
