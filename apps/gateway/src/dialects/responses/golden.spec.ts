import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import type { ChatChunk } from '../../chat/chat-chunk.js';
import { readChunks } from '../../chat/read-chunks.js';
import { decodeResponsesRequest } from './decode-request.js';
import { prepareCompletion } from './prepare-completion.js';
import { encodeEvents, ResponseAssembler, type ResponseEvent } from './response-assembler.js';
import { encodeResponse, type ResponseOrigin } from './response-object.js';
import { RESPONSE, RESPONSE_REQUEST } from './schemas.js';

const FIXTURES = new URL('__fixtures__/', import.meta.url);
const pathOf = (name: string): string => new URL(name, FIXTURES).pathname;
const read = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));

function namesIn(folder: string, ending: RegExp): readonly string[] {
  const found = readdirSync(new URL(`${folder}/`, FIXTURES)).filter((name) => ending.test(name));
  if (found.length < 5) throw new Error(`There are too few fixtures in ${folder}.`);
  return found.map((name) => name.replace(ending, ''));
}

const requests = namesIn('requests', /(?<!\.chat)\.json$/);
const answers = namesIn('answers', /\.chat\.sse$/);

const ORIGIN: ResponseOrigin = {
  id: 'resp_0123456789abcdef01234567',
  createdAt: 1_700_000_000,
  request: decodeResponsesRequest(JSON.stringify({ model: 'ai/scripted', input: 'Hi' })),
};
const NOW = 1_700_000_001_000;

/** @param size bytes that come at once */
async function tell(
  name: string,
  size: number,
): Promise<{ events: ResponseEvent[]; assembler: ResponseAssembler }> {
  const bytes = read(`answers/${name}.chat.sse`);
  async function* pieces(): AsyncGenerator<Buffer, void, void> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const assembler = new ResponseAssembler(ORIGIN);
  const events = assembler.begin();
  const take = (chunk: ChatChunk): void => void events.push(...assembler.take(chunk));
  for await (const chunks of readChunks(pieces())) for (const chunk of chunks) take(chunk);
  events.push(...assembler.finish(NOW));
  return { events, assembler };
}

const ajv = new Ajv2020({ strict: false });
const errorsOf = (schema: object, value: unknown): unknown => {
  const validate = ajv.compile(schema);
  return validate(value) ? [] : validate.errors;
};
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

describe('a request for a response becomes a chat completion', () => {
  it.each(requests)('%s', async (name) => {
    const text = read(`requests/${name}.json`).toString();
    expect(errorsOf(RESPONSE_REQUEST, JSON.parse(text))).toEqual([]);
    const { body, priority } = prepareCompletion(decodeResponsesRequest(text), [], text);
    const sent = { ...(priority !== undefined && { priority }), body: JSON.parse(body) as unknown };
    await expect(json(sent)).toMatchFileSnapshot(pathOf(`requests/${name}.chat.json`));
  });

  it.each([
    { model: 7, input: 'Hi' },
    { model: 'm', input: 7 },
    { model: 'm', input: 'Hi', stream: 'yes' },
    { model: 'm', input: 'Hi', max_output_tokens: 0 },
    { model: 'm', input: 'Hi', truncation: 'auto' },
    { model: 'm', input: 'Hi', prompt: { id: 'p' } },
    { model: 'm', input: 'Hi', include: ['web_search_call.results'] },
    { input: 'Hi' },
  ])('which its schema and its decoder refuse alike: %o', (body) => {
    expect(errorsOf(RESPONSE_REQUEST, body)).not.toEqual([]);
    expect(() => decodeResponsesRequest(JSON.stringify(body))).toThrow(LongshoreError);
  });
});

describe('a chat completion becomes a response', () => {
  it.each(answers)('that is told as events, wherever its bytes are cut: %s', async (name) => {
    const { events } = await tell(name, 1 << 20);
    await expect(encodeEvents(events)).toMatchFileSnapshot(pathOf(`answers/${name}.events.sse`));
    for (const size of [1, 7, 100]) expect((await tell(name, size)).events).toEqual(events);
  });

  it.each(answers)('that is told at its end: %s', async (name) => {
    const { assembler } = await tell(name, 1 << 20);
    const response = encodeResponse(ORIGIN, assembler.progress);
    expect(errorsOf(RESPONSE, response)).toEqual([]);
    await expect(json(response)).toMatchFileSnapshot(pathOf(`answers/${name}.response.json`));
  });
});
