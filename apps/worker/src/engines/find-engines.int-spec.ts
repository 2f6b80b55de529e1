import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '#config';
import { Logger } from '#observability';
import { makeTemporaryFolder, syntheticEnginePath, type TemporaryFolder } from '#testing';
import { Machine } from '../machine/machine.js';
import { WorkerConfig } from '../worker.config.js';
import { findEngines } from './find-engines.js';

let folder: TemporaryFolder;
let llamaServer: string;
beforeAll(async () => {
  folder = await makeTemporaryFolder('engines');
  llamaServer = await syntheticEnginePath();
});
afterAll(() => folder.remove());

const warnings: string[] = [];

/** On a machine whose PATH has nothing but what the test puts there, and a shell. */
async function find(variables: Readonly<Record<string, string>>) {
  const environment = { PATH: `${folder.path}:/bin`, ...variables };
  const logger = new Logger({ level: 'warn', format: 'json', write: (line) => void warnings.push(line) });
  const machine = await Machine.inspect({ environment });
  return findEngines(readConfig(WorkerConfig, environment), { machine, environment, logger });
}

describe('the engines of a machine', () => {
  it('are those that are configured, and a variant that is left to the machine is settled', async () => {
    const found = await find({ LLAMA_SERVER_PATH: llamaServer, LONGSHORE_VARIANT: 'auto' });
    expect(found.config.variant).toBe('cpu');
    expect(found.engines.announce()).toMatchObject([{ name: 'llama.cpp', driver: 'llama-server' }]);
    expect(found.attached).toBeUndefined();
  });

  it('have the one among them that the variant is for, or the worker says which variable tells where it is', async () => {
    const wanted = find({ LLAMA_SERVER_PATH: llamaServer, LONGSHORE_VARIANT: 'sglang-cuda' });
    await expect(wanted).rejects.toThrow(
      'Variant sglang-cuda needs sglang, and there is none on this machine: set SGLANG_SERVER_PATH.',
    );
    await expect(find({ LONGSHORE_VARIANT: 'rocm' })).rejects.toThrow('set LLAMA_SERVER_PATH.');
  });

  it('may fail when they only happen to be on the machine, but not when they are configured', async () => {
    const broken = join(folder.path, 'vllm');
    await writeFile(broken, '#!/bin/sh\necho broken >&2\nexit 1\n');
    await chmod(broken, 0o755);
    const found = await find({ LLAMA_SERVER_PATH: llamaServer });
    expect(found.engines.forFormat('safetensors')).toBeUndefined();
    expect(warnings.join()).toContain('An engine of this machine cannot be used');
    await expect(find({ LLAMA_SERVER_PATH: llamaServer, VLLM_SERVER_PATH: broken })).rejects.toThrow(/vllm/i);
  });

  it('do not wait for a server that is attached and not there yet', async () => {
    const url = 'http://127.0.0.1:9/v1';
    const found = await find({ LLAMA_SERVER_PATH: llamaServer, OPENAI_ENGINE_URL: url });
    expect(found.attached).toMatchObject({ url, engine: { name: 'openai' } });
    expect(found.engines.forFormat('remote')).toBeUndefined();
  });
});
