import {
  fixtureModel,
  makeTemporaryFolder,
  parseSse,
  SCRIPTS,
  type FixtureModel,
  type TemporaryFolder,
} from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import type { EngineSession } from '../engine.js';
import { LlamaServerEngine } from './llama-server-engine.js';

const CHAT = '/v1/chat/completions';
const RAW = '/v1/completions';
const stream_options = { include_usage: true };
const { signal } = new AbortController();

interface Chunk {
  readonly choices: readonly {
    readonly delta?: { readonly content?: string };
    readonly text?: string;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly __verbose?: { readonly stopping_word: string };
}

interface Said {
  readonly pieces: readonly string[];
  readonly finish: readonly string[];
  readonly usage?: readonly [number, number];
  /** What the engine says has ended the answer, where it was asked to. */
  readonly stop?: string;
}

const chat = (prompt: string, more: object = {}) => ({
  messages: [{ role: 'user', content: prompt }],
  ...more,
});
const piece = (content: string): object => ({ finish_reason: null, index: 0, delta: { content } });
const role = { finish_reason: null, index: 0, delta: { role: 'assistant', content: null } };
const text = (words: string): object => ({ text: words, index: 0, logprobs: null, finish_reason: null });
const eventsOf = (choices: readonly object[]): Buffer =>
  Buffer.from(
    choices
      .map((choice) => `data: ${JSON.stringify({ choices: [choice], id: 'first', created: 1 })}\n\n`)
      .join(''),
  );

describe('resumeLlamaServer', () => {
  let folder: TemporaryFolder;
  let scripted: EngineSession;
  let random: EngineSession;

  beforeAll(async () => {
    folder = await makeTemporaryFolder('res');
    scripted = await start('scripted');
    random = await start('random');
  });
  afterAll(async () => {
    await Promise.all([scripted, random].map((session) => session?.stop(1_000)));
    await folder.remove();
  });

  async function start(model: FixtureModel): Promise<EngineSession> {
    const engine = new LlamaServerEngine({ binary: installedLlamaServer(), environment: process.env });
    return engine.start(
      {
        servedName: 'ai/model',
        mode: 'completion',
        files: { format: 'gguf', weights: await fixtureModel(model) },
        contextSize: 512,
        slots: 2,
        threads: 1,
        runDirectory: folder.path,
        log: () => undefined,
      },
      signal,
    );
  }

  async function said(
    session: EngineSession,
    route: string,
    body: object,
    delivered?: Buffer,
  ): Promise<Said> {
    const call = { route, body: JSON.stringify({ ...body, stream: true }), signal };
    const response = await (delivered === undefined ? session.call(call) : session.resume(call, delivered));
    const events = parseSse(Buffer.concat((await response.body.toArray()) as Buffer[]));
    expect(response.status).toBe(200);
    expect(events.at(-1)?.data).toBe('[DONE]');
    const chunks = events.slice(0, -1).map(({ data }) => JSON.parse(data ?? '') as Chunk);
    const choices = chunks.flatMap((chunk) => chunk.choices);
    const [usage] = chunks.flatMap((chunk) => chunk.usage ?? []);
    const [stop] = chunks.flatMap((chunk) => chunk.__verbose?.stopping_word ?? []);
    return {
      pieces: choices.flatMap((choice) => (choice.delta?.content ?? choice.text) || []),
      finish: choices.flatMap((choice) => choice.finish_reason ?? []),
      ...(usage && { usage: [usage.prompt_tokens, usage.completion_tokens] as const }),
      ...(stop !== undefined && { stop }),
    };
  }

  it('says what ended the answer where that was asked for, although another session began it', async () => {
    const [first = '', second = '', third = ''] = SCRIPTS.say.pieces;
    const body = chat(SCRIPTS.say.prompt, { temperature: 0, stop: ['zz', ' a scripted'], verbose: true });
    const delivered = eventsOf([role, piece(first), piece(second)]);
    expect(await said(scripted, CHAT, body, delivered)).toEqual({
      pieces: [third],
      finish: ['stop'],
      stop: ' a scripted',
    });
  });

  it('goes on from the tokens, also from those that the prompt would not have led to', async () => {
    const delivered = eventsOf([role, piece('la-'), piece('le-')]);
    const body = chat(SCRIPTS.say.prompt, { temperature: 0, max_tokens: 5, stream_options });
    const { usage: [prompt] = [0] } = await said(scripted, CHAT, body);
    expect(await said(scripted, CHAT, body, delivered)).toEqual({
      pieces: ['li-', 'lo-', 'lu-'],
      finish: ['length'],
      usage: [prompt, 5],
    });
  });

  it('does not generate when the tokens are used up', async () => {
    const delivered = eventsOf([role, piece('la-'), piece('le-')]);
    const body = chat(SCRIPTS.loop.prompt, { temperature: 0, max_tokens: 2, stream_options });
    const { usage: [prompt] = [0] } = await said(scripted, CHAT, body);
    const rest = { pieces: [], finish: ['length'], usage: [prompt, 2] };
    expect(await said(scripted, CHAT, body, delivered)).toEqual(rest);
    const raw = { prompt: SCRIPTS.loop.marker, max_tokens: 2, temperature: 0 };
    expect(await said(scripted, RAW, raw, eventsOf([text('la-'), text('le-')]))).toEqual({
      ...rest,
      usage: [1, 2],
    });
  });

  it('says it once more when a stop string is given, and goes on from the tokens when that differs', async () => {
    const body = chat(SCRIPTS.say.prompt, { temperature: 0, stop: ' model', stream_options });
    const same = await said(scripted, CHAT, body, eventsOf([role, piece('Hello'), piece(' there!')]));
    expect(same).toMatchObject({ pieces: [' I am', ' a scripted'], finish: ['stop'] });
    const other = await said(scripted, CHAT, body, eventsOf([role, piece(' I am')]));
    expect(other).toMatchObject({ pieces: [' a scripted'], finish: ['stop'] });
  });

  it('goes on from the beginning of the message where it says something else the second time', async () => {
    const think = (reasoning_content: string): object => ({
      index: 0,
      delta: { reasoning_content },
      finish_reason: null,
    });
    const body = chat(SCRIPTS.think.prompt, { temperature: 0, stream_options });
    const whole = await said(scripted, CHAT, body);
    const otherwise = eventsOf([
      role,
      think(' reason about it'),
      think(' carefully.'),
      piece('Hello'),
      piece(' there!'),
    ]);
    const rest = await said(scripted, CHAT, body, otherwise);
    expect(rest.pieces.join('')).toBe(' I am a scripted model.');
    expect(rest).toMatchObject({ finish: ['stop'], usage: [whole.usage?.[0], 8] });
    const limited = await said(scripted, CHAT, { ...body, max_tokens: 5 }, otherwise);
    expect(limited).toMatchObject({ pieces: [' I am'], finish: ['length'], usage: [whole.usage?.[0], 5] });
    const exhausted = await said(scripted, CHAT, { ...body, max_tokens: 4 }, otherwise);
    expect(exhausted).toEqual({ pieces: [], finish: ['length'], usage: [whole.usage?.[0], 4] });
  });

  it('keeps to a schema from the beginning of the message', async () => {
    const schema = {
      type: 'object',
      properties: { answer: { type: 'integer' }, ok: { type: 'boolean' } },
      required: ['answer', 'ok'],
      additionalProperties: false,
    };
    const response_format = { type: 'json_schema', json_schema: { name: 'reply', schema } };
    const body = chat(SCRIPTS.say.prompt, { temperature: 0, response_format });
    const begun = '{"answer": 7';
    const rest = await said(scripted, CHAT, body, eventsOf([role, piece(begun)]));
    expect(JSON.parse(begun + rest.pieces.join(''))).toEqual({
      answer: expect.any(Number) as number,
      ok: expect.any(Boolean) as boolean,
    });
  });

  it('goes on with a drawn text, whatever else runs, and counts each token once', async () => {
    const body = chat('Anything', {
      temperature: 0.8,
      seed: 11,
      max_tokens: 40,
      ignore_eos: true,
      stream_options,
    });
    const whole = await said(random, CHAT, body);
    const noise = said(random, CHAT, { ...body, seed: 12, max_tokens: 200 });
    for (const cut of [1, 17, 39]) {
      const delivered = whole.pieces.slice(0, cut);
      const rest = await said(random, CHAT, body, eventsOf([role, ...delivered.map(piece)]));
      expect(rest).toMatchObject({ finish: ['length'], usage: whole.usage });
      expect(rest.pieces.length).toBeGreaterThan(0);
    }
    await noise;
  });

  it('goes on after characters of several bytes', async () => {
    const delivered = eventsOf([text('é'), text('🙂')]);
    const body = { prompt: 'x', temperature: 0, max_tokens: 8, ignore_eos: true };
    const rest = await said(random, RAW, body, delivered);
    expect(rest.finish).toEqual(['length']);
    expect(rest.usage?.[1]).toBe(8);
  });

  it('says it once more when the tokens no longer fit the context', async () => {
    const body = { prompt: SCRIPTS.loop.marker, temperature: 0 };
    const { pieces, ...end } = await said(scripted, RAW, body);
    const rest = await said(scripted, RAW, body, eventsOf(pieces.map(text)));
    expect(rest).toEqual({ pieces: [], ...end });
  });
});
