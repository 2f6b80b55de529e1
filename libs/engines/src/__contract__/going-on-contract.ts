import { makeTemporaryFolder, parseSse, SCRIPTS, type TemporaryFolder } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineCall } from '../engine-client.js';
import type { Engine, EngineSession } from '../engine.js';
import { CannotContinue } from '../going-on/cannot-continue.js';
import { askForText } from './ask.js';
import { assembleAnswer } from './assemble-answer.js';
import { GGUF_MODEL, type ContractModel } from './contract-model.js';

const CHAT = '/v1/chat/completions';
const RAW = '/v1/completions';
const NEVER = new AbortController().signal;

/** Boundaries tried in one answer, at most. */
const CUTS = 14;

interface Request {
  readonly route: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const tools = [tool('get_weather'), tool('get_time')];
const schema = {
  type: 'object',
  properties: { answer: { type: 'integer' }, ok: { type: 'boolean' } },
  required: ['answer', 'ok'],
  additionalProperties: false,
};
const response_format = { type: 'json_schema', json_schema: { name: 'reply', schema } };
const stream_options = { include_usage: true };

function chat(prompt: string, more: object = {}): Request {
  return { route: CHAT, body: { messages: [{ role: 'user', content: prompt }], temperature: 0, ...more } };
}

function raw(prompt: unknown, more: object = {}): Request {
  return { route: RAW, body: { prompt, temperature: 0, ...more } };
}

const REQUESTS: readonly (readonly [string, Request])[] = [
  ['a plain chat', chat(SCRIPTS.say.prompt)],
  ['a long chat with usage', chat(SCRIPTS.count.prompt, { max_tokens: 60, stream_options })],
  ['drawn text of a known seed', chat(SCRIPTS.dice.prompt, { temperature: 1, seed: 5 })],
  ['a JSON object', chat(SCRIPTS.json.prompt, { response_format: { type: 'json_object' }, stream_options })],
  ['a tool call', chat(SCRIPTS.tool.prompt, { tools, stream_options })],
  ['two tool calls', chat(SCRIPTS.tools2.prompt, { tools })],
  ['reasoning', chat(SCRIPTS.think.prompt, { stream_options })],
  ['usage', chat(SCRIPTS.say.prompt, { stream_options })],
  ['a stop string', chat(SCRIPTS.say.prompt, { stop: [' a scripted'], stream_options })],
  ['a stop string across tokens', chat(SCRIPTS.say.prompt, { stop: '! I' })],
  ['a token limit', chat(SCRIPTS.loop.prompt, { max_tokens: 7, stream_options })],
  ['a raw text', raw(SCRIPTS.say.marker)],
  ['a raw text with a token limit', raw(SCRIPTS.loop.marker, { max_tokens: 6 })],
  ['a raw text of tokens', raw([5, 6, 7], { max_tokens: 5 })],
];

/** A schema, two choices, two prompts, log probabilities: what not every engine has. */
export const FURTHER_REQUESTS: readonly (readonly [string, Request])[] = [
  ['JSON of a schema', chat(SCRIPTS.json.prompt, { response_format, stream_options })],
  ['two choices', chat(SCRIPTS.say.prompt, { n: 2, stream_options })],
  ['two drawn choices', chat(SCRIPTS.dice.prompt, { n: 2, temperature: 1, seed: 3 })],
  ['two raw texts', raw([SCRIPTS.say.marker, SCRIPTS.json.marker])],
  ['log probabilities', chat(SCRIPTS.say.prompt, { logprobs: true, top_logprobs: 2 })],
  ['log probabilities of a raw text', raw(SCRIPTS.say.marker, { logprobs: 1 })],
];

/** What every engine promises of answers that broke off, shown at many places where they can. */
export function describeGoingOn(
  name: string,
  createEngine: () => Engine,
  further: readonly (readonly [string, Request])[] = [],
  model: ContractModel = GGUF_MODEL,
): void {
  const startIn = (folder: TemporaryFolder, slots: number, contextSize: number): Promise<EngineSession> =>
    startScripted(createEngine(), folder, { slots, contextSize, model });
  describe(`${name} goes on with answers that broke off`, () => {
    let folder: TemporaryFolder;
    let session: EngineSession;
    let stop = async (): Promise<void> => undefined;

    beforeAll(async () => {
      folder = await makeTemporaryFolder('go');
      session = await startIn(folder, 2, 1024);
      stop = () => session.stop(1_000);
    });
    afterAll(async () => {
      await stop();
      await folder?.remove();
    });

    it.each([...REQUESTS, ...further])(
      'says %s as if nothing had happened, wherever it broke off',
      async (_, request) => {
        const { whole, goneOn } = await breakOff(session, request);
        expect(goneOn).toEqual(goneOn.map(({ cut }) => ({ cut, answer: whole })));
      },
    );

    it('refuses when it would give another answer', async () => {
      const request = chat(SCRIPTS.tool.prompt, { tools });
      const [role = ''] = (await bytesOf(session.call(callOf(request)))).split(/(?<=\n\n)/);
      const call = {
        index: 0,
        id: 'x',
        type: 'function',
        function: { name: 'get_weather', arguments: '{"city": "O' },
      };
      const other = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [call] } }] })}\n\n`;
      const resumed = session.resume(callOf(request), Buffer.from(role + other));
      await expect(resumed).rejects.toThrow(CannotContinue);
    });

    it.each([
      ['has just gone on', {}, 1, 300],
      ['still looks for the place', { stop: ['never'] }, 60, 20],
    ])('gives the slot back when its client hangs up while it %s', async (_, more, delivered, waitMs) => {
      const one = await startIn(folder, 1, 4096);
      try {
        const client = new AbortController();
        const request = chat(SCRIPTS.loop.prompt, { max_tokens: 3_900, ...more });
        const events = await firstEvents(one, request, delivered + 1);
        const resumed = bytesOf(one.resume(callOf(request, client.signal), events));
        setTimeout(() => client.abort(new Error('hung up')), waitMs);
        await expect(resumed).rejects.toThrow('hung up');
        const hungUp = performance.now();
        expect(await askForText(one, { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.say.text);
        expect(performance.now() - hungUp).toBeLessThan(2_000);
      } finally {
        await one.stop(1_000);
      }
    });
  });
}

export interface BrokenOff {
  /** What the answer says when nothing happens. */
  readonly whole: object;
  /** What its beginning and the rest say together, for each number of events after which it broke off. */
  readonly goneOn: readonly { readonly cut: number; readonly answer: object }[];
}

/** Breaks an answer off at many boundaries and goes on with it. */
export async function breakOff(session: EngineSession, request: Request): Promise<BrokenOff> {
  const whole = await bytesOf(session.call(callOf(request)));
  const events = whole.split(/(?<=\n\n)/);
  const goneOn: { cut: number; answer: object }[] = [];
  for (const cut of cutsOf(events.length)) {
    const delivered = events.slice(0, cut).join('');
    const rest = await bytesOf(session.resume(callOf(request), Buffer.from(delivered)));
    goneOn.push({ cut, answer: assembleAnswer(parseSse(Buffer.from(delivered + rest))) });
  }
  return { whole: assembleAnswer(parseSse(Buffer.from(whole))), goneOn };
}

export async function startScripted(
  engine: Engine,
  folder: TemporaryFolder,
  options: { readonly slots: number; readonly contextSize: number; readonly model?: ContractModel },
): Promise<EngineSession> {
  const { model = GGUF_MODEL, ...size } = options;
  return engine.start(
    {
      servedName: 'ai/scripted',
      mode: 'completion',
      files: await model.files(),
      ...(model.settings && { settings: model.settings }),
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
      ...size,
    },
    NEVER,
  );
}

function callOf({ route, body }: Request, signal = NEVER): EngineCall {
  return { route, body: JSON.stringify({ ...body, stream: true }), signal };
}

async function bytesOf(answer: ReturnType<EngineSession['call']>): Promise<string> {
  const { status, body } = await answer;
  const text = (await body.setEncoding('utf8').toArray()).join('');
  if (status !== 200) throw new Error(`The engine answered ${status}: ${text}`);
  return text;
}

/** The first events of an answer that is broken off then. */
async function firstEvents(session: EngineSession, request: Request, count: number): Promise<Buffer> {
  const { body } = await session.call(callOf(request));
  let text = '';
  for await (const piece of body.setEncoding('utf8')) {
    text += String(piece);
    if (text.split('\n\n').length > count) break;
  }
  return Buffer.from(`${text.split('\n\n').slice(0, count).join('\n\n')}\n\n`);
}

/** After nothing, the first events, some in the middle, and each of the last ones. */
function cutsOf(events: number): number[] {
  const all = Array.from({ length: events + 1 }, (_, index) => index);
  const step = Math.ceil(all.length / (CUTS - 6));
  return all.filter((cut) => cut < 3 || cut > events - 5 || cut % step === 0);
}
