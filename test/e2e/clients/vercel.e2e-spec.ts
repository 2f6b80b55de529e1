import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  embed,
  embedMany,
  generateObject,
  generateText,
  stepCountIs,
  streamText,
  tool,
} from 'ai';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EMBEDDING_DIMENSIONS, eventually, requestJson, SCRIPTS } from '#testing';
import { useCluster } from '../support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'llama-server' });

let model = '';
let embedder = '';
let provider: ReturnType<typeof createOpenAICompatible>;
beforeAll(async () => {
  ({ reference: model } = await shared.pulled('scripted'));
  ({ reference: embedder } = await shared.pulled('embedding'));
  provider = createOpenAICompatible({
    name: 'longshore',
    baseURL: `${shared.cluster.gateway().url}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
});

describe('the Vercel AI SDK', () => {
  it('generates a text', async () => {
    const { text, finishReason, usage } = await generateText({
      model: provider(model),
      system: 'Be nice.',
      prompt: SCRIPTS.say.prompt,
    });
    expect({ text, finishReason }).toEqual({ text: SCRIPTS.say.text, finishReason: 'stop' });
    expect(usage.inputTokens).toBeGreaterThan(0);
  });

  it('streams a text with what was thought before it', async () => {
    const result = streamText({ model: provider(model), prompt: SCRIPTS.think.prompt });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces.join('').trim()).toBe(SCRIPTS.think.text);
    expect(pieces.length).toBeGreaterThan(1);
    expect(await result.reasoningText).toBe(SCRIPTS.think.reasoning);
    expect((await result.usage).outputTokens).toBeGreaterThan(0);
  });

  it('calls a tool by itself', async () => {
    const asked: unknown[] = [];
    const weather = tool({
      description: 'The weather of a city.',
      inputSchema: z.object({ city: z.string() }),
      execute: async (input) => {
        asked.push(input);
        return 'Sunny.';
      },
    });
    const { steps } = await generateText({
      model: provider(model),
      prompt: SCRIPTS.tool.prompt,
      tools: { get_weather: weather },
      stopWhen: stepCountIs(3),
    });
    expect(asked).toEqual([SCRIPTS.tool.calls[0]?.arguments]);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
  });

  it('generates an object that keeps to a schema', async () => {
    const { object } = await generateObject({
      model: provider(model),
      prompt: SCRIPTS.json.prompt,
      schema: z.object({ answer: z.number().int(), ok: z.boolean() }),
    });
    expect(object).toEqual(SCRIPTS.json.value);
  });

  it('embeds', async () => {
    const { embedding } = await embed({ model: provider.embeddingModel(embedder), value: 'one' });
    expect(embedding).toHaveLength(EMBEDDING_DIMENSIONS);
    const { embeddings } = await embedMany({
      model: provider.embeddingModel(embedder),
      values: ['one', 'two words'],
    });
    expect(embeddings.map((each) => each.length)).toEqual([EMBEDDING_DIMENSIONS, EMBEDDING_DIMENSIONS]);
  });

  it('leaves nothing running when it is aborted', async () => {
    const leave = new AbortController();
    const result = streamText({
      model: provider(model),
      prompt: SCRIPTS.loop.prompt,
      maxOutputTokens: 4_000,
      abortSignal: leave.signal,
    });
    for await (const _ of result.textStream) {
      leave.abort();
      break;
    }
    const url = `${shared.cluster.gateway().url}/engines/ps`;
    const busy = async () =>
      ((await requestJson({ url })).json as { in_use?: boolean }[]).filter(({ in_use: inUse }) => inUse);
    const within = { within: 10_000, what: 'idle engines' };
    expect(await eventually(busy, (sessions) => sessions.length === 0, within)).toEqual([]);
  });

  it('is told what was wrong', async () => {
    const refused = generateText({ model: provider('nobody/nothing'), prompt: 'Hi', maxRetries: 0 });
    await expect(refused).rejects.toThrow(APICallError);
    await expect(refused).rejects.toMatchObject({
      statusCode: 404,
      isRetryable: false,
      message: expect.stringContaining('nobody/nothing'),
    });
  });
});
