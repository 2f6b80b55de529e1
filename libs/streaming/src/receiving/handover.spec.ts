import { describe, expect, it } from 'vitest';
import type { Frame } from '#contracts';
import { body, fin, handover, head } from '../__fixtures__/frames.js';
import { encodeLog } from '../frames/frame-codec.js';
import { type LoggedResponse, resolveLog } from '../log/resolve-log.js';
import { ResponseStream } from './response-stream.js';

const log = (...frames: Frame[]): LoggedResponse => resolveLog(encodeLog(frames));

/** `a` and `b` of attempt 1, `c` and the end of attempt 2. */
const ANSWER = [head(), body(1, 'a'), body(2, 'b'), handover(3), body(4, 'c', 2), fin(5, 2)] as const;

function setUp() {
  const asked: string[] = [];
  const response = new ResponseStream(
    {
      replay: (attempt, sequence) => asked.push(`${attempt}/${sequence}`),
      pause: () => asked.push('pause'),
      resume: () => asked.push('resume'),
    },
    0,
  );
  const accept = (...frames: readonly Frame[]): void => {
    for (const each of frames) response.accept(each, 1);
  };
  return { response, asked, accept };
}

async function readAll(response: ResponseStream): Promise<string> {
  let text = '';
  for await (const bytes of response.body()) text += bytes.toString();
  return text;
}

describe('a response that another worker goes on with', () => {
  it('is read as one answer', async () => {
    const { response, accept, asked } = setUp();
    accept(...ANSWER);
    expect(await readAll(response)).toBe('abc');
    expect(response).toMatchObject({ workerId: 'w2', attempt: 2 });
    expect(asked).toEqual([]);
  });

  it('is read as one answer in whatever order its frames come, as long as its handover is known before', async () => {
    const { response, accept } = setUp();
    const [first, a, b, takeover, c, end] = ANSWER;
    accept(first, takeover, end, b, c, a);
    expect(await readAll(response)).toBe('abc');
  });

  it('takes nothing of the earlier attempt from the handover on', async () => {
    const { response, accept } = setUp();
    const [first, a, b, takeover, c, end] = ANSWER;
    accept(first, a, body(4, 'X'), takeover, body(3, 'Y'), body(5, 'Z'), b, c, end);
    expect(await readAll(response)).toBe('abc');
  });

  it('breaks off when the handover is before what was already taken', async () => {
    const { response, accept } = setUp();
    accept(head(), body(1, 'a'), body(2, 'b'), handover(2));
    await expect(readAll(response)).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('breaks off when a later attempt must have begun before what was already taken', async () => {
    const { response, accept } = setUp();
    accept(head(), body(1, 'a'), body(2, 'b'), body(3, 'c', 2));
    await expect(readAll(response)).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('waits for the beginning of an attempt whose first frame is missing, and asks for it', async () => {
    const { response, accept, asked } = setUp();
    const [first, a, b, takeover, c, end] = ANSWER;
    accept(first, a, b, c, end);
    expect(asked).toEqual(['2/3']);
    expect(response.gapSince).toBe(1);
    accept(takeover);
    expect(response.gapSince).toBeUndefined();
    expect(await readAll(response)).toBe('abc');
  });

  it('never joins frames of an attempt without a log to those of an older one', async () => {
    const { response, accept, asked } = setUp();
    accept(head(1), body(2, 'new', 2), body(1, 'old', 1));
    expect(asked).toEqual(['2/0']);
    expect(response.begun).toBe(false);
    accept(head(2), body(1, 'very ', 2), fin(3, 2));
    expect(await readAll(response)).toBe('very new');
  });
});

describe('a response that is filled from its log', () => {
  it('shares the bytes of the log with all others', async () => {
    const logged = log(head(), ...Array.from({ length: 1_000 }, (_, index) => body(index + 1, 'some words')));
    for (const { response } of [setUp(), setUp()]) {
      response.fill(logged, 5);
      const { value } = await response.body().next();
      expect(value?.toString()).toBe('some words'.repeat(1_000));
      expect(value?.buffer).toBe(logged.body.buffer);
    }
  });

  it('is whole when nothing had arrived', async () => {
    const { response } = setUp();
    response.fill(log(...ANSWER), 5);
    expect(await readAll(response)).toBe('abc');
    expect(response).toMatchObject({ workerId: 'w2', attempt: 2, lastActivity: 5, next: 6 });
  });

  it('takes what is missing wherever it had got to', async () => {
    for (let taken = 0; taken < ANSWER.length; taken++) {
      const { response, accept } = setUp();
      accept(...ANSWER.slice(0, taken));
      response.fill(log(...ANSWER), 2);
      expect(await readAll(response)).toBe('abc');
    }
  });

  it('goes on with the frames that came while the log was read', async () => {
    for (let logged = 0; logged <= ANSWER.length; logged++) {
      for (let heard = 0; heard <= logged; heard++) {
        const { response, accept } = setUp();
        accept(...ANSWER.slice(heard));
        response.fill(log(...ANSWER.slice(0, logged)), 2);
        expect(await readAll(response)).toBe('abc');
        expect(response.gapSince).toBeUndefined();
      }
    }
  });

  it('does without a log that is behind', async () => {
    const { response, accept } = setUp();
    accept(...ANSWER.slice(0, 3));
    response.fill(log(head(), body(1, 'a')), 2);
    accept(...ANSWER.slice(3));
    response.fill(log(...ANSWER.slice(0, 4)), 2);
    expect(await readAll(response)).toBe('abc');
  });

  it('takes the frames before a handover from a log that was read before it', async () => {
    const { response, accept } = setUp();
    const [first, a, b, takeover, c, end] = ANSWER;
    accept(first, takeover, c);
    response.fill(log(first, a, b, body(3, 'zombie')), 2);
    accept(end);
    expect(await readAll(response)).toBe('abc');
  });

  it('leaves frames of the earlier attempt to the log while the handover is missing', async () => {
    const { response, accept } = setUp();
    const [first, a, b, , c, end] = ANSWER;
    accept(first, a, c, b);
    expect(response.next).toBe(2);
    response.fill(log(...ANSWER.slice(0, 4)), 2);
    accept(end);
    expect(await readAll(response)).toBe('abc');
  });

  it('forgets what it holds of the earlier attempt from the handover on', async () => {
    const { response, accept } = setUp();
    accept(head(), body(4, 'X'), body(5, 'Y'));
    response.fill(log(...ANSWER.slice(0, 4)), 2);
    accept(...ANSWER.slice(4));
    expect(await readAll(response)).toBe('abc');
  });

  it('begins again with the attempt that is logged when no byte of the answer came', async () => {
    const { response, accept } = setUp();
    accept(head(1));
    response.fill(log(head(2), body(1, 'new', 2), fin(2, 2)), 2);
    expect(await response.head()).toMatchObject({ workerId: 'w2' });
    expect(await readAll(response)).toBe('new');
  });

  it('breaks off when the log of a later attempt ends before what was already taken', async () => {
    const { response, accept } = setUp();
    accept(head(), body(1, 'a'), body(2, 'b'), body(3, 'c'), body(4, 'd'));
    response.fill(log(head(), body(1, 'a'), handover(2), body(3, 'B', 2)), 2);
    await expect(readAll(response)).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('breaks off when the log holds another answer than was already taken', async () => {
    const { response, accept } = setUp();
    accept(head(), body(1, 'a'));
    response.fill(log(head(2), body(1, 'B', 2), fin(2, 2)), 2);
    await expect(readAll(response)).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('changes nothing once the response has ended', async () => {
    const { response, accept } = setUp();
    accept(head(), body(1, 'a'), fin(2));
    response.fill(log(...ANSWER), 2);
    expect(await readAll(response)).toBe('a');
  });
});
