import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { openRequest, requestJson } from '#testing';
import { eventStream } from '../../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';
import { type CompletionResponse, ReadingEnded } from '../../completions/completions.js';

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const WORD = event({ choices: [{ index: 0, delta: { content: 'Fine.' } }] });
const END = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const HEADERS = { 'content-type': 'text/event-stream', 'x-longshore-request': 'gw-1.1' };

let fake: FakeGateway;
/** Breaks off what is being answered or read. */
let breakOff: (error: Error) => void;

function untilBrokenOff(): CompletionResponse {
  const broken = new Promise<never>((_, reject) => (breakOff = reject));
  broken.catch(() => undefined);
  async function* events(): AsyncGenerator<string, void, void> {
    yield WORD;
    await broken;
  }
  return { ...eventStream(events()), headers: HEADERS };
}

/** What the log has of the answer by now. */
function log(text: string, complete: boolean): void {
  fake.cluster.streams.logs.set('gw-1.1', {
    attempt: 1,
    frames: [],
    next: 1,
    bytes: 1,
    truncated: false,
    head: { status: 200, headers: {}, workerId: 'w' },
    body: Buffer.from(text),
    ...(complete && { fin: { outcome: 'completed' } }),
  });
}

const url = (path: string): string => `${fake.url}/v1/responses${path}`;
const body = { model: 'smollm2', input: 'Hi' };
const idIn = (text: string): string => /resp_[0-9a-f]{24}/.exec(text)?.[0] ?? '';
const now = async (id: string): Promise<unknown> => (await requestJson({ url: url(`/${id}`) })).json;

beforeEach(async () => {
  fake = await startFakeGateway();
  fake.cluster.completions.respond = async (request) => {
    const place = { requestId: 'gw-1.1', queue: 'q', model: 'm', ahead: 0, workerId: () => undefined };
    request.onAccepted?.(place);
    return untilBrokenOff();
  };
});
afterEach(() => fake.gateway.stop(0));

describe('a response that somebody stops reading', () => {
  it('while it is made in the background is still being made', async () => {
    const { streams } = fake.cluster;
    const begun = await openRequest({ url: url(''), body: { ...body, background: true } });
    const id = idIn((await begun.whole()).toString());
    log(WORD, false);
    streams.responses.set('gw-1.1', untilBrokenOff);
    const reading = await openRequest({ url: url(`/${id}?stream=true`) });
    await expect.poll(() => reading.received().toString()).toContain('Fine.');
    breakOff(new LongshoreError('slow_client'));
    expect((await reading.whole()).toString()).toContain('response.failed');
    expect(await now(id)).toMatchObject({ status: 'in_progress' });
    log(WORD + END, true);
    expect(await now(id)).toMatchObject({ status: 'completed', output_text: 'Fine.' });
  });

  it.each([
    ['whose client may come back', new ReadingEnded('internal', 'The client went away.')],
    ['that another gateway goes on with', new ReadingEnded('shutting_down')],
  ])('%s is what becomes of it', async (_, reason) => {
    const asked = await openRequest({ url: url(''), body: { ...body, stream: true } });
    await expect.poll(() => asked.received().toString()).toContain('Fine.');
    log(WORD, false);
    breakOff(reason);
    const id = idIn((await asked.whole()).toString());
    expect(await now(id)).toMatchObject({ status: 'in_progress' });
    log(WORD + END, true);
    expect(await now(id)).toMatchObject({ status: 'completed', output_text: 'Fine.' });
  });

  it('and that does not go on without its reader has failed', async () => {
    const asked = await openRequest({ url: url(''), body: { ...body, stream: true } });
    await expect.poll(() => asked.received().toString()).toContain('Fine.');
    log(WORD, false);
    breakOff(new LongshoreError('engine_failed'));
    const id = idIn((await asked.whole()).toString());
    expect(await now(id)).toMatchObject({ status: 'failed' });
  });
});
