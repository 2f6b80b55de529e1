import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeChat, decodeGenerate } from './decode-call.js';
import type { JsonObject } from './fields.js';
import { tellAnswer } from './tell-answer.js';

/** A request, what the engine was asked for, what llama-server streamed, and the answer. */
interface RoundTrip {
  readonly shape: 'chat' | 'generate';
  readonly request: JsonObject;
  readonly route: string;
  readonly asks: JsonObject;
  readonly stream: readonly string[];
  readonly answer: readonly JsonObject[];
}

const FOLDER = new URL('__fixtures__/round-trips/', import.meta.url);
const TRIPS = readdirSync(FOLDER).map((name): [string, RoundTrip] => [
  name.replace('.json', ''),
  JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as RoundTrip,
]);

const CLOCK = { now: () => 1_000, time: () => '2026-01-01T00:00:00.000Z' };
const decode = ({ shape, request }: RoundTrip) => (shape === 'chat' ? decodeChat : decodeGenerate)(request);

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer, void, void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe.each(TRIPS)('the recorded round trip "%s"', (_name, trip) => {
  it('asks the engine for what was recorded', () => {
    const { body, route } = decode(trip);
    expect(route).toBe(trip.route);
    expect(body).toEqual(trip.asks);
  });

  it.each([1, 3, 1_000_000])('answers with what was recorded, its bytes cut every %i', async (size) => {
    const text = trip.stream.map((event) => `${event}\n\n`).join('');
    const answer = {
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: inPieces(text, size),
    };
    const told = await tellAnswer(answer, { ...decode(trip), startedAt: 0 }, CLOCK);
    let lines = '';
    for await (const bytes of told.body) lines += bytes.toString('utf8');
    expect(
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(trip.answer);
  });
});
