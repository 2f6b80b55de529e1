import { describe, expect, it } from 'vitest';
import { type Frame, type FrameFin, LongshoreError } from '#contracts';
import { FrameFormatError } from '../frames/frame-codec.js';
import { ResponseStream } from './response-stream.js';

const HEAD = { status: 200, headers: {}, workerId: 'w1' };

function setUp() {
  const asked: string[] = [];
  const response = new ResponseStream(
    {
      replay: (attempt, sequence) => asked.push(`replay ${attempt}/${sequence}`),
      pause: () => asked.push('pause'),
      resume: () => asked.push('resume'),
    },
    0,
  );
  const accept = (frame: Partial<Frame>, now = 1): void =>
    response.accept(
      { stream: 1, attempt: 1, sequence: 0, kind: 'body', payload: Buffer.alloc(0), ...frame },
      now,
    );
  return {
    response,
    asked,
    accept,
    head: (attempt = 1) => accept({ attempt, kind: 'head', payload: Buffer.from(JSON.stringify(HEAD)) }),
    body: (sequence: number, text: string | Buffer, attempt = 1) =>
      accept({ sequence, attempt, payload: Buffer.from(text) }),
    fin: (sequence: number, fin: FrameFin = { outcome: 'completed' }) =>
      accept({ sequence, kind: 'fin', payload: Buffer.from(JSON.stringify(fin)) }),
  };
}

async function readAll(response: ResponseStream): Promise<string> {
  let text = '';
  for await (const bytes of response.body()) text += bytes.toString();
  return text;
}

describe('ResponseStream', () => {
  it('gives the head, then the bytes in order, then ends', async () => {
    const { response, head, body, fin } = setUp();
    const reading = readAll(response);
    head();
    body(1, 'a');
    body(2, 'b');
    fin(3);
    expect(await response.head()).toEqual(HEAD);
    expect(await reading).toBe('ab');
    expect(response.workerId).toBe('w1');
  });

  it.each([
    ['the response is complete', { outcome: 'completed' }],
    ['the response has failed', { outcome: 'failed', code: 'engine_failed', message: 'gone' }],
  ] as const)('tells once that it has been read when %s', async (_, outcome) => {
    const { response, head, body, fin } = setUp();
    let ends = 0;
    const reading = response.body(() => ends++);
    head();
    body(1, 'a');
    await reading.next();
    const rest = reading.next();
    expect(ends).toBe(0);
    fin(2, outcome);
    await rest.catch(() => undefined);
    await reading.next();
    expect(ends).toBe(1);
  });

  it('tells that it is not read any further', async () => {
    const { response, head, body } = setUp();
    let ends = 0;
    head();
    body(1, 'a');
    for await (const bytes of response.body(() => ends++)) {
      expect(bytes.toString()).toBe('a');
      break;
    }
    expect(ends).toBe(1);
  });

  it('drops repeated frames', async () => {
    const { response, head, body, fin, asked } = setUp();
    head();
    body(1, 'a');
    body(1, 'a');
    head();
    body(2, 'b');
    fin(3);
    fin(3);
    expect(await readAll(response)).toBe('ab');
    expect(asked).toEqual([]);
  });

  it.each([
    ['head', '{'],
    ['head', 'null'],
    ['head', '{"status":99999,"headers":{},"workerId":"w1"}'],
    ['head', '{"status":200,"workerId":"w1"}'],
    ['head', '{"status":200,"headers":{},"workerId":7}'],
    ['fin', ''],
    ['fin', '[]'],
    ['fin', '{"outcome":"perhaps"}'],
    ['fin', '{"outcome":"failed"}'],
  ] as const)('refuses a %s frame of %j and goes on with the true one', async (kind, payload) => {
    const { response, accept, head, body, fin } = setUp();
    if (kind === 'fin') {
      head();
      body(1, 'a');
    }
    const sequence = kind === 'fin' ? 2 : 0;
    const forged = { kind, sequence, payload: Buffer.from(payload) };
    expect(() => accept(forged)).toThrow(FrameFormatError);
    expect(() => accept({ ...forged, attempt: 9 })).toThrow(FrameFormatError);
    if (kind === 'head') {
      head();
      body(1, 'a');
    }
    fin(2);
    expect(await readAll(response)).toBe('a');
  });

  it('asks once for what is missing and puts late frames in their place', async () => {
    const { response, head, body, fin, asked } = setUp();
    head();
    body(3, 'c');
    body(2, 'b');
    fin(4);
    expect(asked).toEqual(['replay 1/1']);
    expect(response.gapSince).toBe(1);
    body(1, 'a');
    expect(response.gapSince).toBeUndefined();
    expect(await readAll(response)).toBe('abc');
  });

  it('begins again with a newer attempt as long as no byte of the answer came', async () => {
    const { response, head, body, fin } = setUp();
    head(1);
    head(2);
    body(1, 'late', 1);
    body(1, 'new', 2);
    response.accept(
      { stream: 1, attempt: 2, sequence: 2, kind: 'fin', payload: Buffer.from('{"outcome":"completed"}') },
      1,
    );
    fin(2);
    expect(await readAll(response)).toBe('new');
  });

  it('breaks off an answer that has begun when a newer attempt begins from the start', async () => {
    const { response, head, body, fin } = setUp();
    head(1);
    body(1, 'first', 1);
    head(2);
    body(1, 'second', 2);
    fin(2);
    await expect(readAll(response)).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('asks the worker to pause when nobody reads, and to go on when somebody does', async () => {
    const { response, head, body, fin, asked } = setUp();
    head();
    for (let sequence = 1; sequence <= 5; sequence++) body(sequence, Buffer.alloc(100_000));
    expect(asked).toEqual(['pause']);
    fin(6);
    expect((await readAll(response)).length).toBe(500_000);
    expect(asked).toEqual(['pause', 'resume']);
  });

  it('gives up on a client for whom too much piles up', async () => {
    const { response, head, body } = setUp();
    head();
    for (let sequence = 1; sequence <= 9; sequence++) body(sequence, Buffer.alloc(1024 * 1024));
    await expect(readAll(response)).rejects.toMatchObject({ code: 'slow_client' });
  });

  it('throws the failure that the worker tells', async () => {
    const { response, head, body, fin } = setUp();
    head();
    body(1, 'a');
    fin(2, { outcome: 'failed', code: 'engine_failed', message: 'it broke' });
    await expect(readAll(response)).rejects.toMatchObject({ code: 'engine_failed', message: 'it broke' });
  });

  it('fails the head when the response ends before it', async () => {
    const { response } = setUp();
    const head = response.head();
    response.fail(new LongshoreError('deadline_exceeded'));
    await expect(head).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('asks for a replay from the place it has reached', () => {
    const { response, head, body, asked } = setUp();
    response.requestReplay();
    head();
    body(1, 'a');
    response.requestReplay();
    expect(asked).toEqual(['replay 0/0', 'replay 1/2']);
  });
});
