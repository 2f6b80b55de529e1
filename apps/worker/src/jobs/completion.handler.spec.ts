import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CompletionJob, ENVELOPE_VERSION, type FrameFin } from '#contracts';
import { Logger } from '#observability';
import { HandBack, type PumpedJob } from '#queue';
import type { FramePublisher } from '#streaming';
import { type AnsweringSession, CompletionHandler } from './completion.handler.js';
import { LiveRequests } from './live-requests.js';

const JOB: CompletionJob = {
  version: ENVELOPE_VERSION,
  requestId: 'g.1',
  gatewayId: 'g',
  stream: 1,
  route: '/v1/completions',
  mode: 'completion',
  modelId: `sha256:${'a'.repeat(64)}`,
  body: '{}',
  streaming: true,
  deadline: Date.now() + 3_600_000,
};

/** What left for the gateway, in order. */
class WrittenFrames {
  readonly frames: (string | FrameFin)[] = [];
  congested = false;

  open() {
    return {
      head: () => this.frames.push('head'),
      body: (bytes: Buffer) => this.frames.push(bytes.toString()),
      fin: (fin: FrameFin) => this.frames.push(fin),
      abandon: () => undefined,
      taken: Promise.resolve(),
      unheard: false,
    };
  }
}

describe('CompletionHandler', () => {
  let live: LiveRequests;
  let written: WrittenFrames;
  let handler: CompletionHandler;
  let body: PassThrough;
  /** Whether the engine has begun to answer. */
  let begin: () => void;
  let session: AnsweringSession;

  beforeEach(() => {
    live = new LiveRequests(60_000);
    written = new WrittenFrames();
    const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
    const publisher = written as unknown as FramePublisher;
    handler = new CompletionHandler({ workerId: 'w', publisher, live, logger });
    body = new PassThrough();
    const begun = new Promise<void>((resolve) => (begin = resolve));
    session = {
      call: async ({ signal }) => {
        const aborted = new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
        await Promise.race([begun, aborted]);
        signal.addEventListener('abort', () => body.destroy(signal.reason as Error));
        return { status: 200, headers: {}, body };
      },
      obituary: async () => undefined,
    };
  });
  afterEach(() => live.stop());

  const pumped = (data: unknown): PumpedJob => ({
    id: '1',
    data,
    attempt: 1,
    failures: 0,
    onLockLost: undefined,
  });

  it('answers a job of a newer gateway with a sentence instead of leaving its caller to wait', async () => {
    await handler.run(pumped({ ...JOB, version: ENVELOPE_VERSION + 1 }), session);
    expect(written.frames).toMatchObject([{ outcome: 'failed', code: 'internal' }]);
  });

  it('leaves a job to the worker that has taken it over, as long as no answer has begun', async () => {
    const job = pumped(JOB);
    const run = handler.run(job, session);
    job.onLockLost?.();
    await expect(run).rejects.toThrow(HandBack);
    expect(written.frames).toEqual([]);
  });

  it('goes on with an answer that has begun when its job is taken over, for its gateway takes no other', async () => {
    const job = pumped(JOB);
    const run = handler.run(job, session);
    begin();
    await new Promise((resolve) => setImmediate(resolve));
    job.onLockLost?.();
    body.end('text');
    await run;
    expect(written.frames).toEqual(['head', 'text', { outcome: 'completed' }]);
  });
});
