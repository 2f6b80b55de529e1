import { describe, expect, it } from 'vitest';
import { askChat, EMBEDDING_DIMENSIONS, requestJson, SCRIPTS, streamChat } from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'embedded' });

describe('a machine without llama-server', () => {
  it('says that it runs the embedded engine', async () => {
    await shared.pulled('scripted');
    expect(shared.cluster.worker().log()).toContain('"engines":["embedded ');
  });

  it.each(['say', 'json', 'count'] as const)('streams the text of !%s byte for byte', async (name) => {
    const { reference: model } = await shared.pulled('scripted');
    const parameters = { stream_options: { include_usage: true } };
    const request = { model, prompt: SCRIPTS[name].prompt, parameters };
    const chat = await streamChat(shared.cluster.gateway().url, request);
    expect(chat).toMatchObject({ text: SCRIPTS[name].text, finishReason: 'stop' });
    expect(chat.usage?.completion_tokens).toBe(SCRIPTS[name].pieces.length + 1);
  });

  it('answers without a stream, and several at a time', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        askChat(shared.cluster.gateway().url, { model, prompt: SCRIPTS.count.prompt }),
      ),
    );
    expect(answers.map(({ text }) => text)).toEqual(answers.map(() => SCRIPTS.count.text));
  });

  it('embeds', async () => {
    const { reference: model } = await shared.pulled('embedding');
    const url = `${shared.cluster.gateway().url}/v1/embeddings`;
    const { status, json } = await requestJson({ url, body: { model, input: 'one' } });
    expect(status).toBe(200);
    expect((json as { data: { embedding: number[] }[] }).data[0]?.embedding).toHaveLength(
      EMBEDDING_DIMENSIONS,
    );
  });
});
