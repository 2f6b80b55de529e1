import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  eventually,
  fixtureFolder,
  fixtureModel,
  openRequest,
  requestJson,
  SCRIPTS,
  streamChat,
} from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({
  gateways: 1,
  workers: 2,
  engine: 'llama-server',
  workerEnvironment: { LONGSHORE_SLOTS: '1' },
});

const MEBIBYTE = 1024 * 1024;
const url = (): string => shared.cluster.gateway().url;

interface Packaged {
  readonly status: number;
  readonly text: string;
  readonly id: string;
}

async function packageFiles(query: string, type: string, body: Buffer): Promise<Packaged> {
  const response = await fetch(`${url()}/models/package?${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: new Uint8Array(body),
  });
  const id = response.headers.get('x-longshore-model') ?? '';
  return { status: response.status, text: await response.text(), id };
}

async function tarOf(folder: string): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 64 * MEBIBYTE } as const;
  return (await promisify(execFile)('tar', ['-C', folder, '-cf', '-', '.'], options)).stdout;
}

describe('files that are sent to a cluster', () => {
  it('are a model at once: it answers on every worker, and is pushed as the same model', async () => {
    const weights = await readFile(await fixtureModel('scripted'));
    const model = `${shared.registry.host}/team/mine:1`;
    const query = `target=${model}&context_size=512`;
    const packaged = await packageFiles(query, 'application/octet-stream', weights);
    expect(packaged).toMatchObject({
      status: 200,
      text: expect.stringContaining('Model packaged successfully'),
    });
    const { json } = await requestJson({ url: `${url()}/models/${model}` });
    expect(json).toMatchObject({
      id: packaged.id,
      tags: [model],
      config: { format: 'gguf', context_size: 512 },
    });

    // It lies in no registry yet, so the worker that did not take it in has it from the other.
    const { prompt, text } = SCRIPTS.count;
    const answered = new Set<string>();
    await eventually(
      async () => {
        const chats = await Promise.all(
          Array.from({ length: 4 }, () => streamChat(url(), { model, prompt })),
        );
        expect(chats.filter((chat) => chat.text !== text)).toEqual([]);
        for (const { workerId } of chats) answered.add(workerId);
        return answered.size;
      },
      (workers) => workers === 2,
      { within: 60_000, what: 'both workers to answer' },
    );

    const push = await openRequest({ url: `${url()}/models/${model}/push`, method: 'POST' });
    expect((await push.whole()).toString()).toContain('Model pushed successfully');
    const remote = await requestJson({ url: `${url()}/models/${model}?remote=true` });
    expect(remote.json).toMatchObject({ id: packaged.id });
  });

  it('may be a folder of safetensors as an archive, which comes out as it was', async () => {
    const folder = dirname(await fixtureFolder('scripted'));
    const packaged = await packageFiles('target=team/folder', 'application/x-tar', await tarOf(folder));
    expect(packaged).toMatchObject({ status: 200, text: expect.stringContaining('"success"') });
    const { json } = await requestJson({ url: `${url()}/models/team/folder` });
    expect(json).toMatchObject({
      id: packaged.id,
      tags: ['docker.io/team/folder:latest'],
      config: { format: 'safetensors' },
    });
    const archive = await openRequest({ url: `${url()}/models/team/folder/export` });
    const weights = await readFile(await fixtureFolder('scripted'));
    expect((await archive.whole()).includes(weights)).toBe(true);
  });

  it('are refused with a sentence when they lead out of their folder, or are no model, and leave nothing', async () => {
    const { json: before } = await requestJson({ url: `${url()}/models` });
    const folder = dirname(await fixtureFolder('scripted'));
    const name = 'model.safetensors';
    const { stdout } = await promisify(execFile)(
      'tar',
      ['-C', folder, '--transform', 's,^,../../,', '-P', '-cf', '-', name],
      { encoding: 'buffer', maxBuffer: 64 * MEBIBYTE },
    );
    const outside = await packageFiles('target=team/evil', 'application/x-tar', stdout);
    expect(outside).toMatchObject({ status: 400, text: expect.stringContaining(`"../../${name}"`) });
    const page = Buffer.from('<html>Not found</html>');
    const none = await packageFiles('target=team/evil', 'application/octet-stream', page);
    expect(none).toMatchObject({ status: 400, text: expect.stringContaining('GGUF') });
    expect((await requestJson({ url: `${url()}/models` })).json).toEqual(before);
  });
});
