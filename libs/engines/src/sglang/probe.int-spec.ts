import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSglang } from './find-sglang.js';
import { SglangEngine } from './sglang-engine.js';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await makeTemporaryFolder('sgl');
});
afterEach(() => folder.remove());

async function install(name: string, script: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

function engineAt(path: string): SglangEngine {
  const program = findSglang({ program: path });
  if (program === undefined) throw new Error('A configured program is always taken.');
  return new SglangEngine({ program, environment: process.env });
}

describe('the probe of SGLang', () => {
  it('asks the program, or the Python that has it, each in its own way', async () => {
    const script =
      'case "$*" in *--help) echo "--uds --tool-call-parser {auto,x}";; *) echo "sglang version: 1.2.3 [$*]";; esac';
    const program = await install('sglang', script);
    const python = await install('python3.12', script);
    const traits = { version: '1.2.3', formats: ['safetensors'], automatic: new Set(['--tool-call-parser']) };
    expect(await engineAt(program).probe()).toMatchObject(traits);
    expect(await engineAt(python).probe()).toMatchObject(traits);
    expect(findSglang({ program })?.serve).toEqual(['serve']);
    expect(findSglang({ program: python })?.serve).toEqual(['-m', 'sglang.launch_server']);
  });

  it('finds the program on the PATH, and takes no Python that happens to be there', async () => {
    await install('python3', 'exit 1');
    expect(findSglang({ searchPath: folder.path })).toBeUndefined();
    const program = await install('sglang', 'exit 1');
    expect(findSglang({ searchPath: `/nowhere:${folder.path}` })?.path).toBe(program);
  });

  it.each([
    ['is not there', '/nowhere/sglang', 'There is no SGLang at /nowhere/sglang.'],
    ['has no SGLang', 'python3', /has no SGLang; install it there, or correct SGLANG_SERVER_PATH/],
    ['does not run', 'sglang', /does not run on this machine: ImportError: libcuda\.so\.1/],
  ])('says so when the program %s', async (_, name, sentence) => {
    await install('python3', 'echo "No package metadata was found for sglang" >&2; exit 1');
    await install('sglang', 'echo "ImportError: libcuda.so.1" >&2; exit 1');
    const path = name.startsWith('/') ? name : join(folder.path, name);
    await expect(engineAt(path).probe()).rejects.toThrow(sentence);
  });
});
