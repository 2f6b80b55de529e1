import { APIError, APIUserAbortError, BadRequestError, NotFoundError, OpenAI } from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EMBEDDING_DIMENSIONS, eventually, requestJson, SCRIPTS } from '#testing';
import { useCluster } from '../support/use-cluster.js';

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'llama-server',
  gatewayEnvironment: {
    LONGSHORE_RESPONSE_RETENTION: '8s',
    LONGSHORE_RESULT_RETENTION: '6s',
    LONGSHORE_LOG_RETENTION: '3s',
    LONGSHORE_RESUME_WINDOW: '2s',
  },
});

let model = '';
let embedder = '';
let client: OpenAI;
/** The same cluster by another gateway. */
let other: OpenAI;
beforeAll(async () => {
  ({ reference: model } = await shared.pulled('scripted'));
  ({ reference: embedder } = await shared.pulled('embedding'));
  const at = (gateway: number, path = '/v1'): OpenAI =>
    new OpenAI({ baseURL: `${shared.cluster.gateway(gateway).url}${path}`, apiKey: 'any', maxRetries: 0 });
  client = at(0);
  other = at(1, '/engines/llama.cpp/v1');
});

const WEATHER = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const TOOL = { type: 'function', function: WEATHER } as const;
const ANSWER = z.object({ answer: z.number().int(), ok: z.boolean() });
const user = (content: string) => ({ role: 'user', content }) as const;

/** Nothing of what was asked for is still being computed. */
async function idle(): Promise<void> {
  const url = `${shared.cluster.gateway().url}/engines/ps`;
  const busy = async () =>
    ((await requestJson({ url })).json as { in_use?: boolean }[]).filter(({ in_use: inUse }) => inUse);
  await eventually(busy, (sessions) => sessions.length === 0, { within: 10_000, what: 'idle engines' });
}

describe('the official OpenAI library for JavaScript', () => {
  it('lists and shows the models', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toHaveLength(2);
    expect(await client.models.retrieve(ids[0] ?? '')).toMatchObject({ id: ids[0], object: 'model' });
  });

  it('chats', async () => {
    const messages = [{ role: 'developer', content: 'Be nice.' } as const, user(SCRIPTS.say.prompt)];
    const { choices, usage } = await client.chat.completions.create({ model, messages });
    expect(choices[0]).toMatchObject({
      message: { role: 'assistant', content: SCRIPTS.say.text },
      finish_reason: 'stop',
    });
    expect(usage?.completion_tokens).toBeGreaterThan(SCRIPTS.say.pieces.length - 1);
  });

  it('streams a chat, with its usage', async () => {
    const stream = client.chat.completions.stream({
      model,
      messages: [user(SCRIPTS.say.prompt)],
      stream_options: { include_usage: true },
    });
    const pieces: string[] = [];
    stream.on('content', (piece) => pieces.push(piece));
    const { choices, usage } = await stream.finalChatCompletion();
    expect(pieces.join('')).toBe(SCRIPTS.say.text);
    expect(pieces.length).toBeGreaterThan(1);
    expect(choices[0]?.message.content).toBe(SCRIPTS.say.text);
    expect(usage?.prompt_tokens).toBeGreaterThan(0);
  });

  it('makes several answers of one request', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: [user(SCRIPTS.say.prompt)],
      n: 2,
      max_completion_tokens: 2,
    });
    expect(choices.map(({ index, finish_reason: reason }) => [index, reason])).toEqual([
      [0, 'length'],
      [1, 'length'],
    ]);
  });

  it('tells how likely its tokens were', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: [user(SCRIPTS.say.prompt)],
      logprobs: true,
      top_logprobs: 2,
      max_completion_tokens: 1,
    });
    const [token] = choices[0]?.logprobs?.content ?? [];
    expect(token).toMatchObject({ token: SCRIPTS.say.pieces[0] });
    expect(token?.top_logprobs).toHaveLength(2);
  });

  it('calls a tool and answers with what it said', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [user(SCRIPTS.tool.prompt)];
    const first = await client.chat.completions.create({ model, messages, tools: [TOOL] });
    const message = first.choices[0]?.message;
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call?.type !== 'function') throw new Error('No tool was called.');
    expect(JSON.parse(call.function.arguments)).toEqual(SCRIPTS.tool.calls[0]?.arguments);
    messages.push(
      message,
      { role: 'tool', tool_call_id: call.id, content: 'Sunny.' },
      user('Please !say now.'),
    );
    const second = await client.chat.completions.create({ model, messages, tools: [TOOL] });
    expect(second.choices[0]?.message.content).toBe(SCRIPTS.say.text);
  });

  it('puts several calls of tools together from a stream', async () => {
    const time = {
      type: 'function',
      function: { name: 'get_time', parameters: { type: 'object' } },
    } as const;
    const messages = [user(SCRIPTS.tools2.prompt)];
    const stream = client.chat.completions.stream({ model, messages, tools: [TOOL, time] });
    const { choices } = await stream.finalChatCompletion();
    const calls = choices[0]?.message.tool_calls?.map((call) => {
      if (call.type !== 'function') throw new Error('A call is of no function.');
      return { name: call.function.name, arguments: JSON.parse(call.function.arguments) as unknown };
    });
    expect(calls).toEqual(SCRIPTS.tools2.calls);
  });

  it('parses an answer that keeps to a schema', async () => {
    const { choices } = await client.chat.completions.parse({
      model,
      messages: [user(SCRIPTS.json.prompt)],
      response_format: zodResponseFormat(ANSWER, 'answer'),
    });
    expect(choices[0]?.message.parsed).toEqual(SCRIPTS.json.value);
  });

  it('completes a text', async () => {
    const { choices } = await client.completions.create({
      model,
      prompt: SCRIPTS.count.marker,
      max_tokens: 3,
    });
    expect(choices[0]).toMatchObject({ text: 'n1 n2 n3', finish_reason: 'length' });
  });

  it('embeds texts as base64, which it asks for, and as numbers, alike', async () => {
    const input = ['one', 'two words'];
    const packed = await client.embeddings.create({ model: embedder, input });
    const plain = await client.embeddings.create({ model: embedder, input, encoding_format: 'float' });
    expect(packed.data.map(({ embedding }) => embedding.length)).toEqual([
      EMBEDDING_DIMENSIONS,
      EMBEDDING_DIMENSIONS,
    ]);
    for (const [index, { embedding }] of packed.data.entries())
      for (const [place, value] of embedding.entries())
        expect(value).toBeCloseTo(plain.data[index]?.embedding[place] ?? Number.NaN, 5);
  });

  it('cancels what it no longer wants', async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: [user(SCRIPTS.loop.prompt)],
      max_tokens: 4_000,
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await idle();
    const leave = new AbortController();
    const whole = client.chat.completions.create(
      { model, messages: [user(SCRIPTS.loop.prompt)], max_tokens: 4_000 },
      { signal: leave.signal },
    );
    setTimeout(() => leave.abort(), 100);
    await expect(whole).rejects.toThrow(APIUserAbortError);
    await idle();
  });

  it('throws what its types say when it is refused', async () => {
    const messages = [user('Hi')];
    const unknown = client.chat.completions.create({ model: 'nobody/nothing', messages });
    await expect(unknown).rejects.toThrow(NotFoundError);
    await expect(unknown).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    const spoken = client.chat.completions.create({ model, messages, modalities: ['text', 'audio'] });
    await expect(spoken).rejects.toThrow(BadRequestError);
    await expect(spoken).rejects.toMatchObject({ code: 'invalid_request', param: 'modalities' });
    const wrong = client.embeddings.create({ model, input: 'Hi' });
    await expect(wrong).rejects.toThrow(APIError);
  });
});

describe('responses by the official library', () => {
  it('are made, kept, listed and deleted by any gateway', async () => {
    const made = await client.responses.create({
      model,
      instructions: 'Be nice.',
      input: SCRIPTS.say.prompt,
      metadata: { for: 'a test' },
    });
    expect(made).toMatchObject({
      status: 'completed',
      output_text: SCRIPTS.say.text,
      metadata: { for: 'a test' },
    });
    expect(made.usage?.total_tokens).toBe((made.usage?.input_tokens ?? 0) + (made.usage?.output_tokens ?? 0));
    expect(await other.responses.retrieve(made.id)).toMatchObject({ id: made.id, output: made.output });
    const items = await other.responses.inputItems.list(made.id);
    expect(items.data).toMatchObject([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: SCRIPTS.say.prompt }] },
    ]);
    await other.responses.delete(made.id);
    await expect(client.responses.retrieve(made.id)).rejects.toThrow(NotFoundError);
  });

  it('go on where an earlier one ended', async () => {
    const first = await client.responses.create({ model, input: SCRIPTS.count.prompt, max_output_tokens: 3 });
    expect(first).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    const second = await other.responses.create({
      model,
      previous_response_id: first.id,
      input: SCRIPTS.say.prompt,
    });
    expect(second).toMatchObject({ output_text: SCRIPTS.say.text, previous_response_id: first.id });
    const both = await client.responses.inputTokens.count({ model, input: SCRIPTS.say.prompt });
    expect(second.usage?.input_tokens).toBeGreaterThan(both.input_tokens);
  });

  it('are streamed in the order that the API promises', async () => {
    const types: string[] = [];
    const stream = client.responses.stream({ model, input: SCRIPTS.think.prompt });
    for await (const { type } of stream) if (type !== types.at(-1)) types.push(type);
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(SCRIPTS.think.text);
    expect(final.output[0]).toMatchObject({
      type: 'reasoning',
      content: [{ type: 'reasoning_text', text: SCRIPTS.think.reasoning }],
    });
  });

  it('call functions, and take what those say', async () => {
    const tools = [{ type: 'function', strict: false, ...WEATHER } as const];
    const first = await client.responses.create({ model, input: SCRIPTS.tool.prompt, tools });
    const call = first.output.find((item) => item.type === 'function_call');
    expect(JSON.parse(call?.arguments ?? '')).toEqual(SCRIPTS.tool.calls[0]?.arguments);
    const second = await client.responses.create({
      model,
      previous_response_id: first.id,
      tools,
      input: [
        { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'Sunny.' },
        user(SCRIPTS.say.prompt),
      ],
    });
    expect(second.output_text).toBe(SCRIPTS.say.text);
  });

  it('are parsed when they keep to a schema', async () => {
    const { output_parsed: parsed } = await client.responses.parse({
      model,
      input: SCRIPTS.json.prompt,
      text: { format: zodTextFormat(ANSWER, 'answer') },
    });
    expect(parsed).toEqual(SCRIPTS.json.value);
  });

  it('are made in the background, followed from any event on, and cancelled', async () => {
    const input = SCRIPTS.count.prompt;
    const begun = await client.responses.create({ model, input, background: true });
    expect(['queued', 'in_progress', 'completed']).toContain(begun.status);
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    for await (const event of await other.responses.retrieve(begun.id, { stream: true, starting_after: 3 }))
      events.push(event);
    expect(events[0]?.sequence_number).toBe(4);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { id: begun.id } });
    expect((await client.responses.retrieve(begun.id)).output_text).toBe(SCRIPTS.count.text);

    const endless = await client.responses.create({ model, input: SCRIPTS.loop.prompt, background: true });
    expect(await other.responses.cancel(endless.id)).toMatchObject({ status: 'cancelled' });
    await idle();
  });
});
