import { chmod, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, openChat, openRequest, SCRIPTS, streamChat } from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'llama-server' });

const blobFolder = (): string => join(shared.cluster.worker().modelsPath, 'blobs', 'sha256');

/** The largest blob of the worker's store. */
async function weights(): Promise<string> {
  const paths = (await readdir(blobFolder())).map((name) => join(blobFolder(), name));
  const sizes = await Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })));
  return sizes.toSorted((a, b) => b.size - a.size)[0]?.path ?? '';
}

describe('the model store of a worker', () => {
  it('gives an engine no damaged bytes twice: they are found, removed and pulled again', async () => {
    const { reference } = await shared.pulled('scripted');
    const path = await weights();
    await chmod(path, 0o644);
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(64));
    await file.close();
    const chat = await streamChat(shared.cluster.gateway().url, {
      model: reference,
      prompt: SCRIPTS.say.prompt,
    });
    expect(chat.text).toBe(SCRIPTS.say.text);
    await eventually(() => shared.cluster.logs().includes('Removed damaged parts of a model'));
  });

  it('keeps the bytes of a model that is deleted while an engine has it, and no longer', async () => {
    const { url } = shared.cluster.gateway();
    const { reference } = await shared.pulled('scripted');
    const answer = await openChat(url, { model: reference, prompt: SCRIPTS.loop.prompt });
    await eventually(() => answer.arrivals.length > 0);
    const deleted = await openRequest({ url: `${url}/models/${reference}`, method: 'DELETE' });
    expect(deleted.status).toBe(200);
    const manifests = join(shared.cluster.worker().modelsPath, 'manifests', 'sha256');
    const none = (names: string[]): boolean => names.length === 0;
    await eventually(() => readdir(manifests), none);
    expect(await readdir(blobFolder())).not.toEqual([]);
    answer.hangUp();
    expect(await eventually(() => readdir(blobFolder()), none)).toEqual([]);
  });
});
