import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame, RequestIdParts } from '#contracts';
import {
  type LoggedResponse,
  resolveLog,
  encodeLog,
  type ResponseRequests,
  ResponseStream,
} from '#streaming';
import { ReadingEnded } from './completions.js';
import type { OpenCompletion } from './open-completion.js';
import { OpenCompletions } from './open-completions.js';
import type { ResponseCluster } from './recovery.js';

/** What was sent to whom. */
class Sent {
  readonly messages: string[] = [];
  listeners = 1;

  async send(workerId: string | undefined, { kind }: { readonly kind: string }): Promise<number> {
    this.messages.push(`${kind} ${workerId ?? 'all'}`);
    return this.listeners;
  }
}

const FAR = 1_000_000_000_000_000;
const frame = (sequence: number, kind: Frame['kind'], content: unknown): Frame => {
  const payload = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  return { stream: 1, attempt: 1, sequence, kind, payload };
};
const HEAD = frame(0, 'head', { status: 200, headers: {}, workerId: 'w1' });
const FIN = frame(2, 'fin', { outcome: 'completed' });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A cluster in which nothing happens but what a test does. */
class StillCluster {
  readonly sent = new Sent();
  readonly removed: string[] = [];
  readonly added: string[] = [];
  readonly read: string[] = [];
  /** Whose records are kept no longer than their logs from now on. */
  readonly shortened: string[] = [];
  /** How responses ended that no worker had begun. */
  readonly ended: string[] = [];
  reachable = true;
  hasJob = true;
  hasReader = false;
  living: string[] = ['w1'];
  logged: LoggedResponse | undefined;
  lose: (workerId: string) => void = () => undefined;
  readonly all: OpenCompletions;

  constructor(logged: boolean) {
    const cluster = {
      gatewayId: 'g',
      frames: {
        register: (_: number, requests: ResponseRequests) => new ResponseStream(requests, 0),
        close: () => undefined,
      },
      control: this.sent,
      workers: {
        onLost: (listener: (workerId: string) => void) => {
          this.lose = listener;
          return () => undefined;
        },
        workers: () => this.living.map((workerId) => ({ workerId })),
      },
      queue: {
        removeCompletion: async (_: string, id: string) => this.removed.push(id),
        addCompletion: async (queue: string, job: { requestId: string }, { begun = 0 }: { begun?: number }) =>
          this.added.push(`${job.requestId} in ${queue} after ${begun}`),
        has: async () => this.hasJob,
      },
      records: this.records(),
      ...(logged ? { log: { read: async (parts: RequestIdParts) => this.readLog(parts) } } : {}),
    };
    this.all = new OpenCompletions(cluster as unknown as ResponseCluster, 30_000);
  }

  add(requestId: string, resumable = false): OpenCompletion {
    return this.all.add({
      requestId,
      parts: { gatewayId: 'g', stream: 1 },
      queue: 'q',
      deadline: FAR,
      streaming: true,
      resumable,
      retention: 1,
      resumeWindow: 30_000,
      placement: 'cpu; resident',
    });
  }

  private records(): object {
    const isReachable = (): boolean => this.reachable;
    return {
      get reachable() {
        return isReachable();
      },
      put: async () => undefined,
      keepFor: async (id: string) => void this.shortened.push(id),
      hasReader: async () => this.hasReader,
      endLog: async ({ payload }: Frame) => void this.ended.push(payload.toString()),
    };
  }

  private readLog({ gatewayId, stream }: RequestIdParts): LoggedResponse | undefined {
    this.read.push(`${gatewayId}.${stream}`);
    return this.logged;
  }
}

const begin = (open: OpenCompletion): void => open.response.accept(HEAD, 0);
const say = (open: OpenCompletion, sequence: number, bytes = 'x'): void =>
  open.response.accept(frame(sequence, 'body', Buffer.from(bytes)), 0);

describe('OpenCompletion without a log', () => {
  let cluster: StillCluster;
  let open: OpenCompletion;

  beforeEach(() => {
    cluster = new StillCluster(false);
    open = cluster.add('g.1');
  });
  afterEach(() => cluster.all.stop());

  it('asks a silent worker again for what may be lost, and to go on', () => {
    begin(open);
    open.check(4_000);
    expect(cluster.sent.messages).toEqual([]);
    open.check(6_000);
    expect(cluster.sent.messages).toEqual(['replay w1', 'resume w1']);
  });

  it('does not ask a worker to go on whose answer nobody reads', () => {
    begin(open);
    say(open, 1, 'x'.repeat(300_000));
    open.check(6_000);
    expect(cluster.sent.messages).toEqual(['pause w1', 'replay w1']);
  });

  it('is cancelled at the worker that answers', async () => {
    begin(open);
    open.hangUp();
    await settled();
    expect(cluster.sent.messages).toEqual(['cancel w1']);
  });

  it('is taken out of its queue also when somebody had begun to answer, for it may wait for another', async () => {
    begin(open);
    open.hangUp();
    await settled();
    expect(cluster.removed).toEqual(['g.1']);
  });

  it('is cancelled everywhere when nobody is known to answer, or who answered does not listen', async () => {
    open.hangUp();
    await settled();
    expect([cluster.sent.messages, cluster.removed]).toEqual([['cancel all'], ['g.1']]);
    open = cluster.add('g.2');
    begin(open);
    cluster.sent.listeners = 0;
    open.hangUp();
    await settled();
    expect([cluster.sent.messages.slice(1), cluster.removed]).toEqual([
      ['cancel w1', 'cancel all'],
      ['g.1', 'g.2'],
    ]);
  });

  it('fails when its time is over', async () => {
    open.check(FAR + 1);
    await expect(open.response.head()).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('fails when the worker that had begun is gone', async () => {
    begin(open);
    say(open, 1);
    cluster.lose('w1');
    expect(open.response.finished).toBe(true);
  });
});

describe('OpenCompletion with a log', () => {
  let cluster: StillCluster;
  let open: OpenCompletion;

  beforeEach(() => {
    cluster = new StillCluster(true);
    open = cluster.add('g.1');
  });
  afterEach(() => cluster.all.stop());

  const look = async (now: number): Promise<void> => {
    open.check(now);
    await settled();
  };
  const keep = (): void => {
    const job = { requestId: 'g.1', body: '{}' };
    cluster.all.recovery.jobs.keep({ queue: 'q', job } as never);
  };

  it('leaves word of why it failed to those who come back for it, when no worker had begun', async () => {
    cluster.add('g.2', true).check(FAR + 1);
    open.check(FAR + 1);
    await settled();
    expect(cluster.removed).toEqual(['g.2', 'g.1']);
    expect(cluster.ended).toEqual([expect.stringContaining('"code":"deadline_exceeded"')]);
  });

  it('takes what did not arrive out of the log', async () => {
    cluster.logged = resolveLog(encodeLog([HEAD, frame(1, 'body', Buffer.from('all')), FIN]));
    begin(open);
    open.response.requestReplay();
    await look(1_000);
    const read: string[] = [];
    for await (const bytes of open.response.body()) read.push(bytes.toString());
    expect(read).toEqual(['all']);
  });

  it('waits for another worker when the one that had begun is gone, and looks into the log once', async () => {
    cluster.logged = resolveLog(encodeLog([HEAD, frame(1, 'body', Buffer.from('x'))]));
    begin(open);
    say(open, 1);
    cluster.living = [];
    cluster.lose('w1');
    await look(1_000);
    await look(1_100);
    await look(4_000);
    expect(open.response.finished).toBe(false);
    expect(cluster.read).toEqual(['g.1']);
  });

  it('fails when the worker that had begun is gone and has logged nothing', async () => {
    begin(open);
    say(open, 1);
    await look(6_000);
    expect(open.response.finished).toBe(false);
    cluster.living = [];
    cluster.lose('w1');
    await look(7_000);
    const body = open.response.body();
    await body.next();
    await expect(body.next()).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('looks at most once at a time, and not while Redis is away', async () => {
    begin(open);
    cluster.reachable = false;
    open.response.requestReplay();
    await look(1_000);
    expect(cluster.read).toEqual([]);
    cluster.reachable = true;
    open.check(2_000);
    open.check(3_000);
    await settled();
    expect(cluster.read).toEqual(['g.1']);
  });

  it('asks the worker for what is beyond the limit of the log', async () => {
    begin(open);
    say(open, 3);
    await look(1_000);
    expect(cluster.sent.messages).toEqual(['replay w1']);
    cluster.all.recovery.lastAway = 5_000;
    await look(14_000);
    expect(open.response.finished).toBe(false);
    await look(16_000);
    await expect(open.response.body().next()).rejects.toMatchObject({ code: 'worker_lost' });
  });

  it('keeps what others need to find it when its gateway stops before its end, and not when it has ended', () => {
    open = cluster.add('g.1', true);
    open.letGo();
    open.close();
    expect(cluster.shortened).toEqual([]);
    open = cluster.add('g.2', true);
    for (const next of [HEAD, frame(1, 'fin', { outcome: 'completed' })]) open.response.accept(next, 0);
    open.close();
    expect(cluster.shortened).toEqual(['g.2']);
  });

  it('is not given up because its gateway stood still while a frame was missing', async () => {
    vi.useFakeTimers({ now: 1_000 });
    cluster = new StillCluster(true);
    open = cluster.add('g.1');
    begin(open);
    open.response.accept(frame(2, 'fin', { outcome: 'completed' }), Date.now());
    vi.setSystemTime(60_000);
    await vi.advanceTimersByTimeAsync(300);
    cluster.logged = resolveLog(encodeLog([HEAD, frame(1, 'body', Buffer.from('all')), FIN]));
    await vi.advanceTimersByTimeAsync(600);
    vi.useRealTimers();
    const read: string[] = [];
    for await (const bytes of open.response.body()) read.push(bytes.toString());
    expect(read).toEqual(['all']);
  });

  it('puts a job back that Redis has lost and that nobody is known to answer', async () => {
    keep();
    cluster.hasJob = false;
    open.response.requestReplay();
    await look(1_000);
    expect(cluster.added).toEqual(['g.1 in q after 1']);
  });

  it('does not put a job back whose worker goes on, nor one that has ended', async () => {
    keep();
    cluster.hasJob = false;
    begin(open);
    open.response.requestReplay();
    await look(1_000);
    cluster.logged = resolveLog(encodeLog([HEAD, frame(1, 'body', Buffer.from('all')), FIN]));
    cluster.living = [];
    await look(2_000);
    expect([cluster.added, open.response.finished]).toEqual([[], true]);
  });

  it('gives a job up that Redis has lost and that nobody can put back', async () => {
    cluster.hasJob = false;
    open.response.requestReplay();
    await look(1_000);
    await look(9_000);
    expect(open.response.finished).toBe(false);
    await look(12_000);
    await expect(open.response.head()).rejects.toMatchObject({
      code: 'worker_lost',
      message: expect.stringContaining('Redis has lost the request'),
    });
  });

  it('that goes on without its client ends for that client only', async () => {
    const failureOf = (left: OpenCompletion): Promise<unknown> => {
      left.hangUp();
      return left.response.head().catch((error: unknown) => error);
    };
    expect(await failureOf(cluster.add('g.2'))).not.toBeInstanceOf(ReadingEnded);
    expect(await failureOf(cluster.add('g.3', true))).toBeInstanceOf(ReadingEnded);
  });

  it('goes on for a while when its client may come back, and is stopped when nobody does', async () => {
    cluster.all.stop();
    const resumable = cluster.add('g.1', true);
    begin(resumable);
    resumable.hangUp();
    await settled();
    expect(cluster.sent.messages).toEqual([]);
  });
});
