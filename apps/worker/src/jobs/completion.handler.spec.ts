import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CompletionJob, ENVELOPE_VERSION } from '#contracts';
import { CannotContinue, EngineConnectionError } from '#engines';
import { Logger, WorkerMetrics } from '#observability';
import { HandBack, type PumpedJob } from '#queue';
import type { FramePublisher, LoggedResponse, RequestLog } from '#streaming';
import { CompletionHandler } from './completion.handler.js';
import { ScriptedSession, STREAM } from './__fixtures__/scripted-session.js';
import { WrittenFrames } from './__fixtures__/written-frames.js';
import { EngineEnded } from './judge-failure.js';
import { LiveRequests, Stopping } from './live-requests.js';

const JOB: CompletionJob = {
  version: ENVELOPE_VERSION,
  requestId: 'g.1',
  gatewayId: 'g',
  stream: 1,
  route: '/v1/completions',
  mode: 'completion',
  modelId: `sha256:${'a'.repeat(64)}`,
  body: '{"prompt":"Hi"}',
  streaming: true,
  deadline: Date.now() + 3_600_000,
};
const LOGGED: CompletionJob = { ...JOB, logLimit: 1_000_000, logRetention: 60_000, resumeWindow: 7_000 };

const HEAD = { status: 200, headers: STREAM, workerId: 'earlier' };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const tick = async (): Promise<void> => {
  for (let count = 0; count < 5; count++) await turn();
};

describe('CompletionHandler', () => {
  let live: LiveRequests;
  let written: WrittenFrames;
  let handler: CompletionHandler;
  let session: ScriptedSession;
  /** What a claim finds. */
  let inLog: Partial<LoggedResponse> | undefined;
  let claims: number[];

  beforeEach(() => {
    live = new LiveRequests(60_000);
    written = new WrittenFrames();
    session = new ScriptedSession();
    inLog = {};
    claims = [];
    handler = handlerOf(live);
  });
  afterEach(() => {
    live.stop();
    vi.useRealTimers();
  });

  const handlerOf = (requests: LiveRequests): CompletionHandler => {
    const log = {
      claim: async ({ attempt }: { attempt: number }): Promise<LoggedResponse | undefined> => {
        claims.push(attempt);
        const empty = { attempt: 0, frames: [], body: Buffer.alloc(0), next: 0, bytes: 0, truncated: false };
        return inLog && { ...empty, ...inLog };
      },
      read: async () => inLog,
    };
    return new CompletionHandler({
      metrics: new WorkerMetrics(),
      workerId: 'w',
      publisher: written as unknown as FramePublisher,
      log: log as unknown as RequestLog,
      live: requests,
      logger: new Logger({ level: 'error', format: 'json', write: () => undefined }),
    });
  };

  const pumped = (data: unknown, facts: Partial<PumpedJob> = {}): PumpedJob => ({
    id: '1',
    data,
    queuedAt: 0,
    attempt: 1,
    failures: 0,
    onLockLost: undefined,
    ...facts,
  });
  const again = (facts: Partial<PumpedJob> = {}): PumpedJob => pumped(LOGGED, { attempt: 2, ...facts });

  it('answers a job of a newer gateway with a sentence instead of leaving its caller to wait', async () => {
    await handler.run(pumped({ ...JOB, version: ENVELOPE_VERSION + 1 }), session);
    expect(written.frames).toMatchObject([{ outcome: 'failed', code: 'internal' }]);
  });

  it('sends whole events, and passes on what follows the last one when the engine lives', async () => {
    const run = handler.run(pumped(LOGGED), session);
    session.begin();
    await tick();
    expect(session.owed).toBe(1);
    for (const piece of ['data: 1\n\ndata:', ' 2\n\n', 'data: 3']) {
      session.body.write(piece);
      await tick();
    }
    session.body.end();
    await run;
    const frames = ['head', 'data: 1\n\n', 'data: 2\n\n', 'data: 3', { outcome: 'completed' }];
    expect(written.frames).toEqual(frames);
    expect(session.owed).toBe(0);
  });

  it('sends an answer that is no stream in one turn, once it is whole', async () => {
    session.headers = { 'content-type': 'application/json' };
    const run = handler.run(pumped(LOGGED), session);
    session.begin();
    session.body.write('{"a":');
    await tick();
    expect(written.frames).toEqual([]);
    session.body.end('1}');
    await run;
    expect(written.frames).toEqual(['head', '{"a":1}', { outcome: 'completed' }]);
  });

  it('sends an answer in pieces that is too large to be held back', async () => {
    session.headers = { 'content-type': 'application/json' };
    const run = handler.run(pumped(LOGGED), session);
    session.begin();
    const piece = 'x'.repeat(1024 * 1024);
    for (let count = 0; count < 6; count++) session.body.write(piece);
    session.body.end();
    await run;
    const bodies = written.frames.slice(1, -1) as string[];
    expect(bodies.length).toBeGreaterThan(1);
    expect(bodies.join('')).toHaveLength(6 * piece.length);
  });

  it('draws the same answer in every attempt', async () => {
    session.begin();
    session.body.end();
    await handler.run(pumped(LOGGED), session);
    const first = session.asked?.body;
    session = new ScriptedSession();
    session.begin();
    session.body.end();
    await handler.run(again(), session);
    expect(session.asked?.body).toBe(first);
    expect(JSON.parse(first ?? '')).toMatchObject({ prompt: 'Hi', seed: expect.any(Number) });
  });

  it('leaves the request as it came when no log is kept, and keeps none', async () => {
    session.begin();
    session.body.end();
    await handler.run(pumped(JOB, { attempt: 2 }), session);
    expect(session.asked?.body).toBe(JOB.body);
    expect(written.options).toEqual({});
    expect(claims).toEqual([]);
  });

  it('says how long an answer is to be kept, and how long it goes on with nobody listening', async () => {
    session.begin();
    session.body.end();
    await handler.run(pumped(LOGGED), session);
    const { logLimit: limit, logRetention: retention, deadline, resumeWindow } = LOGGED;
    expect(written.options).toMatchObject({ log: { limit, retention, deadline }, resumeWindow });
  });

  it('runs a request that may be put in twice only when no answer to it has ended', async () => {
    const job = { ...LOGGED, once: true };
    inLog = { head: HEAD, body: Buffer.from('data: 1\n\n'), fin: { outcome: 'completed' } };
    await handler.run(pumped(job), session);
    expect([session.asked, written.frames]).toEqual([undefined, []]);
    inLog = undefined;
    session.begin();
    session.body.end('data: 1\n\n');
    await handler.run(pumped(job), session);
    expect(written.frames.at(-1)).toEqual({ outcome: 'completed' });
  });

  describe('a later attempt', () => {
    it('goes on behind what is out, and says who answers from here on', async () => {
      inLog = { head: HEAD, body: Buffer.from('data: 1\n\n'), next: 2, bytes: 90 };
      session.begin();
      session.body.end('data: 2\n\n');
      await handler.run(again(), session);
      expect(claims).toEqual([2]);
      expect(session.asked?.delivered).toBe('data: 1\n\n');
      expect(written.options?.continueFrom).toMatchObject({ next: 2, bytes: 90 });
      expect(written.frames).toEqual(['handover to w', 'data: 2\n\n', { outcome: 'completed' }]);
    });

    it('begins anew when only the head is out', async () => {
      inLog = { head: HEAD, next: 1, bytes: 60 };
      session.begin();
      session.body.end('data: 1\n\n');
      await handler.run(again(), session);
      expect(session.asked).not.toHaveProperty('delivered');
      expect(written.frames).toEqual(['head', 'data: 1\n\n', { outcome: 'completed' }]);
    });

    it('does not run what is complete', async () => {
      inLog = { head: HEAD, fin: { outcome: 'completed' } };
      await handler.run(again(), session);
      expect(session.asked).toBeUndefined();
      expect(written.frames).toEqual([]);
    });

    it('is silent when a still later one has the log', async () => {
      inLog = undefined;
      await expect(handler.run(again(), session)).rejects.toThrow(HandBack);
      expect(written.frames).toEqual([]);
    });

    it('tells why nobody can go on', async () => {
      inLog = { head: HEAD, body: Buffer.from('data: 1\n\n'), next: 2, bytes: 90 };
      session.failure = new CannotContinue('The answers differ.');
      await handler.run(again(), session);
      expect(written.frames.at(-1)).toEqual({
        outcome: 'failed',
        code: 'engine_failed',
        message: 'The answers differ.',
      });
    });

    it('tells when the engine refuses to go on', async () => {
      inLog = { head: HEAD, body: Buffer.from('data: 1\n\n'), next: 2, bytes: 90 };
      session.status = 400;
      session.begin();
      session.body.end('{"error":"too long"}');
      await handler.run(again(), session);
      expect(written.frames.at(-1)).toMatchObject({
        code: 'engine_failed',
        message: expect.stringMatching(/400.*too long/),
      });
    });

    it('answers what was given up behind what is out, without running it', async () => {
      inLog = { head: HEAD, body: Buffer.from('data: 1\n\n'), next: 2, bytes: 90 };
      await handler.run(again({ givenUp: '3 workers were lost' }), session);
      expect(session.asked).toBeUndefined();
      expect(written.frames).toMatchObject(['handover to w', { outcome: 'failed', code: 'poison_request' }]);
    });

    it('refuses behind what is out', async () => {
      inLog = { head: HEAD, body: Buffer.from('data: 1\n\n'), next: 2, bytes: 90 };
      await handler.refuse(again({ givenUp: 'x' }), new Stopping());
      expect(written.frames).toMatchObject(['handover to w', { code: 'poison_request' }]);
    });

    it('runs by itself once it has seen two engines die', async () => {
      session.begin();
      session.body.end();
      await handler.run(again({ failures: 1 }), session);
      expect(session.aloneAsked).toBe(0);
      await handler.run(again({ failures: 2 }), session);
      expect(session.aloneAsked).toBe(1);
    });
  });

  describe('when its engine dies', () => {
    const begin = async (job: PumpedJob): Promise<{ run: Promise<void> }> => {
      const run = handler.run(job, session);
      run.catch(() => undefined);
      session.begin();
      session.body.write('data: 1\n\n');
      await tick();
      return { run };
    };

    it('leaves the rest to another attempt, without a word', async () => {
      const { run } = await begin(pumped(LOGGED));
      session.die();
      await expect(run).rejects.toMatchObject({ name: 'HandBack', blame: true });
      expect(written.frames).toEqual(['head', 'data: 1\n\n', 'silence']);
    });

    it('says so at the third time', async () => {
      const { run } = await begin(pumped(LOGGED, { failures: 2 }));
      session.die();
      await run;
      expect(written.frames.at(-1)).toMatchObject({ code: 'poison_request' });
    });

    it('keeps its turn to run alone until the death is known, for the next would be blamed too', async () => {
      let tell!: () => void;
      session.news = new Promise((resolve) => (tell = resolve));
      const { run } = await begin(pumped(LOGGED, { failures: 2 }));
      session.die();
      await tick();
      expect(session.turnsEnded).toBe(0);
      tell();
      await run;
      expect(session.turnsEnded).toBe(1);
    });

    it('goes back without blame when that happened before its turn to run alone', async () => {
      session.refusesTurns = new EngineEnded();
      const run = handler.run(pumped(LOGGED, { failures: 2 }), session);
      await expect(run).rejects.toMatchObject({ name: 'HandBack', blame: false });
    });

    it('says so when there is no log', async () => {
      const { run } = await begin(pumped(JOB));
      session.die();
      await run;
      expect(written.frames.at(-1)).toMatchObject({
        code: 'engine_failed',
        message: expect.stringContaining('SIGKILL'),
      });
    });

    it('takes a stream that ends within an event for broken off', async () => {
      const { run } = await begin(pumped(LOGGED));
      session.death = 'gone';
      session.body.end('data: 2');
      await expect(run).rejects.toMatchObject({ blame: true });
      expect(written.frames).toEqual(['head', 'data: 1\n\n', 'silence']);
    });

    it('has no part in it when the engine was gone before', async () => {
      session.failure = new EngineConnectionError('x', {
        cause: Object.assign(new Error('x'), { code: 'ENOENT' }),
      });
      await expect(handler.run(pumped(LOGGED), session)).rejects.toMatchObject({ blame: false });
    });
  });

  describe('when its job is taken over', () => {
    it('is silent as long as no answer has begun', async () => {
      const job = pumped(JOB);
      const run = handler.run(job, session);
      job.onLockLost?.();
      await expect(run).rejects.toThrow(HandBack);
      expect(written.frames).toEqual(['silence']);
    });

    it('stops at once in the middle of an answer that another can go on with', async () => {
      const job = pumped(LOGGED);
      const run = handler.run(job, session);
      session.begin();
      session.body.write('data: 1\n\n');
      await tick();
      job.onLockLost?.();
      await expect(run).rejects.toThrow(HandBack);
      expect(written.frames).toEqual(['head', 'data: 1\n\n', 'silence']);
      expect(session.body.destroyed).toBe(true);
    });

    it('stops when Redis takes its frames no longer', async () => {
      const run = handler.run(pumped(LOGGED), session);
      session.begin();
      await tick();
      written.options?.onFenced?.();
      await expect(run).rejects.toThrow(HandBack);
    });

    it('goes on with an answer that has begun and has no log, for its gateway takes no other', async () => {
      const job = pumped(JOB);
      const run = handler.run(job, session);
      session.begin();
      await tick();
      job.onLockLost?.();
      session.body.end('data: 1\n\n');
      await run;
      expect(written.frames).toEqual(['head', 'data: 1\n\n', { outcome: 'completed' }]);
    });
  });

  it('takes an engine for silent only when nothing comes of an answer, not while its prompt makes progress', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    live.stop();
    live = new LiveRequests(60_000);
    handler = handlerOf(live);
    const run = handler.run(pumped(LOGGED), session);
    await tick();
    for (let minute = 0; minute < 5; minute++) {
      vi.advanceTimersByTime(50_000);
      session.asked?.onBytes?.();
    }
    expect(written.frames).toEqual([]);
    vi.advanceTimersByTime(62_000);
    await run;
    expect(written.frames).toMatchObject([{ outcome: 'failed', code: 'engine_failed' }]);
  });

  it('hands an answer over when the worker stops', async () => {
    const run = handler.run(pumped(LOGGED), session);
    session.begin();
    await tick();
    live.abortAll(new Stopping());
    await expect(run).rejects.toMatchObject({ name: 'HandBack', blame: false });
    expect(written.frames).toEqual(['head', 'silence']);
  });
});
