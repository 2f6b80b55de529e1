import Anthropic, { BadRequestError, NotFoundError } from '@anthropic-ai/sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import { SCRIPTS } from '#testing';
import { useCluster } from '../support/use-cluster.js';

const WEATHER: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Tells the weather.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const TIME: Anthropic.Tool = {
  name: 'get_time',
  input_schema: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'] },
};

/** One white point. */
const POINT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe.each(['llama-server', 'embedded'] as const)("Anthropic's library with %s", (engine) => {
  const shared = useCluster({ gateways: 1, workers: 1, engine });
  let client: Anthropic;
  let model = '';
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    client = new Anthropic({ baseURL: shared.cluster.gateway().url, apiKey: 'none', maxRetries: 0 });
  });

  type Asked = Partial<Anthropic.MessageCreateParamsNonStreaming>;
  const ask = (content: string, more: Asked = {}): Anthropic.MessageCreateParamsNonStreaming => ({
    model,
    max_tokens: 400,
    messages: [{ role: 'user', content }],
    ...more,
  });

  it('gets a message', async () => {
    const message = await client.messages.create(ask(SCRIPTS.say.prompt, { system: 'Be brief.' }));
    expect(message).toMatchObject({
      id: expect.stringMatching(/^msg_[0-9a-f]{24}$/),
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: SCRIPTS.say.text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { output_tokens: SCRIPTS.say.pieces.length + 1 },
    });
    expect(message._request_id).toMatch(/./);
  });

  it('gets a stream of events that add up to the same message', async () => {
    const pieces: string[] = [];
    const stream = client.messages
      .stream(ask(SCRIPTS.count.prompt))
      .on('text', (piece) => pieces.push(piece));
    const message = await stream.finalMessage();
    expect(pieces.join('')).toBe(SCRIPTS.count.text);
    expect(pieces.length).toBeGreaterThan(100);
    expect(message).toMatchObject({
      content: [{ type: 'text', text: SCRIPTS.count.text }],
      stop_reason: 'end_turn',
      usage: { output_tokens: SCRIPTS.count.pieces.length + 1 },
    });
    const { input_tokens: fresh, cache_read_input_tokens: cached } = message.usage;
    const { input_tokens: counted } = await client.messages.countTokens({
      model,
      messages: ask(SCRIPTS.count.prompt).messages,
    });
    expect(fresh + (cached ?? 0)).toBe(counted);
  });

  it('is told what the model thinks apart from what it says', async () => {
    const message = await client.messages.stream(ask(SCRIPTS.think.prompt)).finalMessage();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: SCRIPTS.think.reasoning, signature: expect.stringMatching(/./) },
      { type: 'text', text: SCRIPTS.think.text },
    ]);
    const [first] = (
      await client.messages.create(
        ask(SCRIPTS.think.prompt, { thinking: { type: 'adaptive', display: 'omitted' } }),
      )
    ).content;
    expect(first).toMatchObject({ type: 'thinking', thinking: '' });
  });

  it('has the model call a tool, runs it, and goes on with its result', async () => {
    const asked = ask(SCRIPTS.tool.prompt, { tools: [WEATHER] });
    const called = await client.messages.stream(asked).finalMessage();
    expect(called).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'get_weather', input: { city: 'Paris' } }],
    });
    expect(await client.messages.create(asked)).toMatchObject({ content: [{ input: { city: 'Paris' } }] });
    const [use] = called.content.filter((block) => block.type === 'tool_use');
    const result = await client.messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: 'assistant', content: called.content as Anthropic.ContentBlockParam[] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: use?.id ?? '', content: [{ type: 'text', text: 'Sunny.' }] },
            { type: 'text', text: SCRIPTS.say.prompt },
          ],
        },
      ],
    });
    expect(result).toMatchObject({ stop_reason: 'end_turn', content: [{ text: SCRIPTS.say.text }] });
  });

  it('has the model call several tools at once', async () => {
    const message = await client.messages.create(ask(SCRIPTS.tools2.prompt, { tools: [WEATHER, TIME] }));
    expect(message.content).toMatchObject([
      { type: 'tool_use', name: 'get_weather', input: { city: 'Rome' } },
      { type: 'tool_use', name: 'get_time', input: { zone: 'CET' } },
    ]);
  });

  it('has the model call a tool that it names', async () => {
    const message = await client.messages.create(
      ask(SCRIPTS.tool.prompt, {
        tools: [TIME, WEATHER],
        tool_choice: { type: 'tool', name: 'get_weather' },
      }),
    );
    expect(message.content).toMatchObject([{ type: 'tool_use', name: 'get_weather' }]);
  });

  it('is told why an answer ended', async () => {
    const limited = await client.messages.create(ask(SCRIPTS.say.prompt, { max_tokens: 3 }));
    expect(limited).toMatchObject({ stop_reason: 'max_tokens', content: [{ text: 'Hello there! I am' }] });
    const stopped = await client.messages.create(
      ask(SCRIPTS.say.prompt, { stop_sequences: ['zz', ' a scripted'] }),
    );
    expect(stopped).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: ' a scripted',
      content: [{ text: 'Hello there! I am' }],
    });
    const whole = await client.messages.create(ask(SCRIPTS.say.prompt, { stop_sequences: ['zz'] }));
    expect(whole).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null });
  });

  it('goes on with an answer that it began itself', async () => {
    const [first = '', ...rest] = SCRIPTS.say.pieces;
    const asked = ask(SCRIPTS.say.prompt);
    const message = await client.messages.create({
      ...asked,
      messages: [...asked.messages, { role: 'assistant', content: first }],
    });
    expect(message.content).toMatchObject([{ text: rest.join('') }]);
  });

  it('gets JSON of a schema', async () => {
    const schema = {
      type: 'object',
      properties: { answer: { type: 'integer' }, ok: { type: 'boolean' } },
      required: ['answer', 'ok'],
      additionalProperties: false,
    };
    const message = await client.messages.create(
      ask(SCRIPTS.json.prompt, { output_config: { format: { type: 'json_schema', schema } } }),
    );
    const [block] = message.content;
    expect(JSON.parse(block?.type === 'text' ? block.text : '')).toEqual(SCRIPTS.json.value);
  });

  it('counts tokens as an answer reads them, with system prompt and tools', async () => {
    const asked = ask(SCRIPTS.tool.prompt, { system: 'Be brief.', tools: [WEATHER, TIME] });
    const { max_tokens: _, ...counted } = asked;
    const { input_tokens: count } = await client.messages.countTokens(counted);
    const { usage } = await client.messages.create({ ...asked, max_tokens: 1 });
    expect(usage.input_tokens + (usage.cache_read_input_tokens ?? 0)).toBe(count);
    const without = await client.messages.countTokens({ model, messages: asked.messages });
    expect(count).toBeGreaterThan(without.input_tokens);
  });

  it('is told in words that a model of text sees no images', async () => {
    const image = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: POINT },
    } as const;
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: [image] }];
    const refusals = await Promise.all(
      [
        client.messages.create({ ...ask(''), messages }),
        client.messages.countTokens({ model, messages }),
      ].map((refused) => Promise.resolve(refused).catch((error: unknown) => error)),
    );
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(BadRequestError);
      expect(refusal).toMatchObject({ type: 'invalid_request_error' });
      expect((refusal as Error).message).toMatch(/text only|does not support content parts/);
    }
  });

  it('is told that there is no such model', async () => {
    await expect(client.messages.create({ ...ask('Hi'), model: 'nobody/nothing' })).rejects.toThrow(
      NotFoundError,
    );
  });
});
