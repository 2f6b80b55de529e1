import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { ACCELERATOR_TOOLS, type AcceleratorTool } from './accelerator-tools.js';
import { Machine } from './machine.js';

const MIB = 1024 * 1024;
const FIXTURES = join(import.meta.dirname, '__fixtures__');

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder('machine');
});
afterAll(() => folder.remove());

/** A tool that runs a few lines of shell. */
async function tool(name: 'nvidia' | 'amd', script: string, node = '/none'): Promise<AcceleratorTool> {
  const program = join(folder.path, `${name}-${Math.random()}`);
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  return { ...ACCELERATOR_TOOLS[name], program, node };
}

const missing = (kind: keyof typeof ACCELERATOR_TOOLS): AcceleratorTool => ({
  ...ACCELERATOR_TOOLS[kind],
  program: 'no-such-tool',
  node: '/none',
});

const machineWith = (tools: Partial<typeof ACCELERATOR_TOOLS>) =>
  Machine.inspect({
    environment: { PATH: process.env['PATH'] },
    tools: {
      nvidia: missing('nvidia'),
      amd: missing('amd'),
      mthreads: missing('mthreads'),
      ascend: missing('ascend'),
      ...tools,
    },
  });

describe('the machine', () => {
  it('has what the tools of the makers say, and memory of its own', async () => {
    const machine = await machineWith({
      nvidia: await tool('nvidia', `head -1 '${FIXTURES}/nvidia-smi.txt'`),
    });
    expect(machine.accelerators).toEqual([
      { kind: 'nvidia', name: 'NVIDIA H100 80GB HBM3', memoryTotal: 81_559 * MIB, memoryFree: 81_008 * MIB },
    ]);
    expect(machine.memory.total).toBeGreaterThan(machine.memory.free);
    expect(machine.memory.free).toBeGreaterThan(0);
  });

  it('has a device without figures when only its node is there, and none when neither is', async () => {
    const machine = await machineWith({ amd: await tool('amd', 'exit 1', '/dev/null') });
    expect(machine.accelerators).toEqual([{ kind: 'amd', name: '', memoryTotal: 0, memoryFree: 0 }]);
    expect((await machineWith({})).accelerators).toEqual([]);
  });

  it('does not wait for a tool that hangs, and ends it', async () => {
    const note = join(folder.path, 'pid');
    const machine = await machineWith({ nvidia: await tool('nvidia', `echo $$ > ${note}; exec sleep 600`) });
    expect(machine.accelerators).toEqual([]);
    expect(isAlive(Number(await readFile(note, 'utf8')))).toBe(false);
  });

  it('reads figures again once they are old', async () => {
    const nvidia = await tool('nvidia', `date +%N | sed 's/^0*//; s/.*/GPU, 9999999999, &/'`);
    const machine = await machineWith({ nvidia });
    const before = machine.accelerators;
    await machine.refresh();
    expect(machine.accelerators).not.toEqual(before);
  });
});
