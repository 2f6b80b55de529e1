import { spawn } from 'node:child_process';
import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CACHE, fixtureModel, publishModel, REPOSITORY } from '#testing';
import { matchesOutput, readSteps, type Step } from '../docs/transcript.js';
import { type SharedCluster, useCluster } from './support/use-cluster.js';

/** Where the page says that the cluster is. */
const ADDRESS = 'http://127.0.0.1:12434';

const steps = readSteps(await readFile(join(REPOSITORY, 'README.md'), 'utf8'), '## Use it');

const shared: SharedCluster = useCluster(async () => ({
  gateways: 1,
  workers: 1,
  engine: 'llama-server',
  // The model of the page is a small one with its name here.
  gatewayEnvironment: { DEFAULT_REGISTRY: shared.registry.host },
}));

let url = '';
let folder = '';
beforeAll(async () => {
  url = shared.cluster.gateway().url;
  const file = await fixtureModel('scripted');
  await publishModel({ registry: shared.registry, name: 'ai/smollm2:latest', file });
  folder = await mkdtemp(join(CACHE, 'readme-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(step: Step): Promise<Ran> {
  if (step.kind === 'shell') return spawned('bash', ['-c', step.command.replaceAll(ADDRESS, url)]);
  const file = join(folder, step.kind === 'js' ? 'program.mjs' : 'program.py');
  await writeFile(file, step.code.replaceAll(ADDRESS, url));
  const python = process.env['PYTHON_CLIENTS_PATH'] ?? 'python3';
  return spawned(step.kind === 'js' ? process.execPath : python, [file]);
}

function spawned(command: string, args: readonly string[]): Promise<Ran> {
  const npm = { npm_config_cache: join(folder, 'npm') };
  const direct = { NO_PROXY: '*', no_proxy: '*' };
  const env = { ...process.env, ...npm, ...direct, MODEL_RUNNER_HOST: url, NO_COLOR: '1' };
  const child = spawn(command, args, { cwd: REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (texts.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (texts.stderr += text.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}

describe('what the README tells its reader to run', () => {
  it('is something', () => {
    expect(steps.length).toBeGreaterThan(5);
  });

  // npx does this itself for a checkout that it sees for the first time, and not for one that was built anew since. It
  // goes on calling the built file where it saw a release whose command that was.
  it('has a command line that the build has made executable', async () => {
    const main = join(REPOSITORY, 'dist', 'apps', 'cli', 'src', 'main.js');
    await expect(access(main, constants.X_OK)).resolves.toBeUndefined();
  });

  it.each(steps.map((step, index) => ({ step, title: `${index + 1}: ${titleOf(step)}` })))(
    'works: $title',
    async ({ step }) => {
      const { code, stdout, stderr } = await run(step);
      expect({ code, stdout, stderr }).toMatchObject({
        code: 0,
        stdout: expect.toSatisfy((text: string) => isPromised(text, step)),
      });
    },
  );
});

/** Where the page shows no output, there is to be some. */
function isPromised(stdout: string, step: Step): boolean {
  const output = step.kind === 'shell' ? step.output : '';
  if (output === '') return stdout.trim() !== '';
  return matchesOutput(stdout.replaceAll(url, ADDRESS).replaceAll(`${shared.registry.host}/ai/`, ''), output);
}

function titleOf(step: Step): string {
  return (step.kind === 'shell' ? step.command : `${step.kind} program`).split('\n')[0]?.slice(0, 70) ?? '';
}
