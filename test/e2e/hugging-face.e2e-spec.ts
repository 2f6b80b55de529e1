import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  fixtureModel,
  type HubFixture,
  openRequest,
  pullModelThrough,
  requestJson,
  SCRIPTS,
  startHuggingFaceHub,
  streamChat,
} from '#testing';
import { useCluster } from './support/use-cluster.js';

const MEMBER = 'hf_member';

let hub: HubFixture;
const shared = useCluster(async () => {
  hub = await startHuggingFaceHub({ members: [MEMBER] });
  const scripted = await readFile(await fixtureModel('scripted'));
  const files = { 'README.md': '# Tiny', 'Tiny-Q4_K_M.gguf': scripted, 'Tiny-BF16.gguf': scripted };
  hub.push({ name: 'Org/Tiny-GGUF', files });
  hub.push({ name: 'Org/Gated-GGUF', files, gated: true });
  return {
    gateways: 1,
    workers: 1,
    engine: 'llama-server',
    workerEnvironment: { HF_ENDPOINT: hub.endpoint },
  };
});
afterAll(() => hub.close());

const pull = async (from: string, token?: string) => {
  const body = { from, ...(token === undefined ? {} : { 'bearer-token': token }) };
  const response = await openRequest({ url: `${shared.cluster.gateway().url}/models/create`, body });
  return { status: response.status, text: (await response.whole()).toString('utf8') };
};

describe('a model on Hugging Face', () => {
  it('is pulled by its quantization, listed by its full name, and answers', async () => {
    const { url } = shared.cluster.gateway();
    const { lines } = await pullModelThrough(url, 'hf.co/Org/Tiny-GGUF:Q4_K_M');
    expect(lines.at(-1)).toMatchObject({ type: 'success', message: 'Model pulled successfully' });
    const name = 'huggingface.co/org/tiny-gguf:Q4_K_M';
    expect((await requestJson({ url: `${url}/models/${name}` })).json).toMatchObject({
      tags: [name],
      config: { format: 'gguf', architecture: 'llama', context_size: 8192 },
    });
    const chat = await streamChat(url, { model: 'hf.co/org/tiny-gguf:Q4_K_M', prompt: SCRIPTS.say.prompt });
    expect(chat.text).toBe(SCRIPTS.say.text);
  });

  it('is taken from the store when it is pulled again', async () => {
    const { url } = shared.cluster.gateway();
    await pullModelThrough(url, 'hf.co/org/tiny-gguf');
    const { lines } = await pullModelThrough(url, 'huggingface.co/org/tiny-gguf');
    expect(lines.at(-1)?.message).toMatch(/^Using cached model: \d/);
  });

  it('without the quantization that is asked for is a 404 that lists what there is', async () => {
    expect(await pull('hf.co/org/tiny-gguf:Q6_K')).toEqual({
      status: 404,
      text: 'Model not found: Org/Tiny-GGUF has no Q6_K. It has BF16, Q4_K_M.\n',
    });
  });

  it('that is gated needs the token of the caller', async () => {
    const refused = await pull('hf.co/org/gated-gguf');
    expect(refused.status).toBe(401);
    expect(refused.text).toMatch(/^Unauthorized: Org\/Gated-GGUF is gated\. Accept its conditions at /);
    const { status, text } = await pull('hf.co/org/gated-gguf', MEMBER);
    expect(status).toBe(200);
    expect(text).toContain('"type":"success"');
  });
});
