import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench, randomArtifact } from './__fixtures__/workbench.js';
import { ModelStore } from './store/model-store.js';

const MEGABYTE = 1024 * 1024;
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

describe('two processes with one store', () => {
  const script = fileURLToPath(new URL('./__fixtures__/pull-in-child.mjs', import.meta.url));

  it('download a model once', async () => {
    const artifact = randomArtifact(8 * MEGABYTE, 8 * MEGABYTE);
    await bench.push(artifact, 'org/shared:1');
    const children: Promise<string[]>[] = [];
    // No blob is sent before both processes have asked for the manifest, so that both find the store empty.
    const held: (() => void)[] = [];
    let asked = 0;
    const front = await bench.front(({ request, forward }) => {
      if (request.url?.includes('/manifests/')) {
        forward();
        asked += 1;
        if (asked === 2) for (const go of held.splice(0)) go();
      } else if (asked < 2) held.push(forward);
      else forward();
    });
    const folder = await bench.folder();
    for (let count = 0; count < 2; count += 1) {
      children.push(runChild(script, folder, `${front.host}/org/shared:1`));
    }
    const outputs = await Promise.all(children);
    for (const lines of outputs) {
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ id: artifact.id });
      expect(lines).toContain(String(8 * MEGABYTE));
    }
    const blobs = front.log.filter((line) => line.includes('/blobs/'));
    expect([...blobs].sort()).toEqual(
      artifact.blobs.map((blob) => `GET /v2/org/shared/blobs/${blob.descriptor.digest}`).sort(),
    );
  });

  it('survive that one of them is killed while the other waits for it', async () => {
    const artifact = randomArtifact(4 * MEGABYTE);
    const digest = artifact.blobs[1]?.descriptor.digest ?? '';
    await bench.push(artifact, 'org/killed:1');
    const folder = await bench.folder();
    let stalled = (): void => undefined;
    const inTheMiddle = new Promise<void>((resolve) => (stalled = resolve));
    const front = await bench.front(({ request, response, earlier, forward }) => {
      if (!request.url?.endsWith(digest) || earlier > 0) return forward();
      response.writeHead(200, { 'content-length': String(4 * MEGABYTE) });
      return response.write(Buffer.alloc(MEGABYTE), stalled);
    });
    const name = `${front.host}/org/killed:1`;
    const victim = spawn(process.execPath, [script, folder, name], { stdio: 'ignore' });
    await inTheMiddle;
    const store = await ModelStore.open(folder);
    const reported: number[] = [];
    const pull = bench.pull(store, 'org/killed:1', {
      host: front.host,
      onProgress: ({ layer }) => {
        reported.push(layer.current);
        if (victim.exitCode === null && layer.current > 0) victim.kill('SIGKILL');
      },
    });
    const { model } = await pull;
    if (victim.signalCode === null) await once(victim, 'exit');
    expect(model.id).toBe(artifact.id);
    expect(reported.some((bytes) => bytes > 0 && bytes <= MEGABYTE)).toBe(true);
    expect(victim.signalCode).toBe('SIGKILL');
    expect(await readdir(join(folder, 'locks'))).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^sha256-/)]),
    );
  });

  async function runChild(...argv: string[]): Promise<string[]> {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    return lines;
  }
});
