import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngines } from './registry.js';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await makeTemporaryFolder('registry');
});
afterEach(() => folder.remove());

async function installProgram(name: string, mode: number): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, '#!/bin/sh\necho version: 1 --host\n');
  await chmod(path, mode);
  return path;
}

const drivers = async (options: Parameters<typeof createEngines>[0]) =>
  (await createEngines(options)).map((engine) => `${engine.name} ${engine.driver}`);

describe('createEngines', () => {
  it('takes the llama-server on the PATH', async () => {
    await installProgram('llama-server', 0o755);
    const environment = { PATH: `/nowhere:${folder.path}` };
    expect(await drivers({ environment })).toEqual(['llama.cpp llama-server']);
  });

  it('takes the embedded engine when there is no program of that name', async () => {
    await mkdir(join(folder.path, 'llama-server'));
    expect(await drivers({ environment: { PATH: folder.path } })).toEqual(['llama.cpp embedded']);
  });

  it('takes the vllm on the PATH beside it, and says so when a configured one is not there', async () => {
    await installProgram('llama-server', 0o755);
    await installProgram('vllm', 0o755);
    const environment = { PATH: folder.path };
    expect(await drivers({ environment })).toEqual(['llama.cpp llama-server', 'vllm vllm']);
    const binary = join(folder.path, 'nothing');
    const [, engine] = await createEngines({ environment, vllm: { binary } });
    await expect(engine?.probe()).rejects.toThrow(`There is no vllm at ${binary}.`);
  });

  it('overlooks a file that may not be run', async () => {
    await installProgram('llama-server', 0o644);
    const options = { environment: { PATH: folder.path }, llamaCpp: { allowEmbedded: false } };
    expect(await drivers(options)).toEqual([]);
  });

  it('takes the configured program, and says so when it is not there', async () => {
    const binary = join(folder.path, 'my-server');
    const [engine] = await createEngines({ environment: {}, llamaCpp: { binary } });
    await expect(engine?.probe()).rejects.toThrow(`There is no llama-server at ${binary}.`);
  });

  it('asks again after a probe that failed', async () => {
    const binary = join(folder.path, 'llama-server');
    const [engine] = await createEngines({ environment: {}, llamaCpp: { binary } });
    await expect(engine?.probe()).rejects.toThrow('There is no llama-server');
    await installProgram('llama-server', 0o755);
    expect(await engine?.probe()).toMatchObject({ version: '1 --host', formats: ['gguf'] });
  });
});
