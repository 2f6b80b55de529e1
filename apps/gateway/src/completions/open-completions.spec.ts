import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ControlSender, WorkerDirectory } from '#cluster';
import type { JobQueue } from '#queue';
import { type FrameSubscriber, type ResponseRequests, ResponseStream } from '#streaming';
import { type OpenCompletion, OpenCompletions } from './open-completions.js';

/** What was sent to whom. */
class Sent {
  readonly messages: string[] = [];
  listeners = 1;

  async send(workerId: string | undefined, { kind }: { readonly kind: string }): Promise<number> {
    this.messages.push(`${kind} ${workerId ?? 'all'}`);
    return this.listeners;
  }
}

describe('OpenCompletion', () => {
  let sent: Sent;
  let removed: string[];
  let all: OpenCompletions;
  let open: OpenCompletion;

  beforeEach(() => {
    sent = new Sent();
    removed = [];
    const frames = {
      register: (_: number, requests: ResponseRequests) => new ResponseStream(requests, 0),
      close: () => undefined,
    };
    all = new OpenCompletions({
      frames: frames as unknown as FrameSubscriber,
      control: sent as unknown as ControlSender,
      workers: { onLost: () => () => undefined } as unknown as WorkerDirectory,
      queue: { removeCompletion: async (_: string, id: string) => removed.push(id) } as unknown as JobQueue,
    });
    open = all.add({ requestId: 'r', stream: 1, queue: 'q', deadline: 1_000_000_000_000_000 });
  });
  afterEach(() => all.stop());

  const begin = (): void => {
    const head = { status: 200, headers: {}, workerId: 'w1' };
    const payload = Buffer.from(JSON.stringify(head));
    open.response.accept({ stream: 1, attempt: 1, sequence: 0, kind: 'head', payload }, 0);
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('asks a silent worker again for what may be lost, and to go on', () => {
    begin();
    open.check(4_000);
    expect(sent.messages).toEqual([]);
    open.check(6_000);
    expect(sent.messages).toEqual(['replay w1', 'resume w1']);
  });

  it('does not ask a worker to go on whose answer nobody reads', () => {
    begin();
    const payload = Buffer.alloc(300_000);
    open.response.accept({ stream: 1, attempt: 1, sequence: 1, kind: 'body', payload }, 0);
    open.check(6_000);
    expect(sent.messages).toEqual(['pause w1', 'replay w1']);
  });

  it('is cancelled at the worker that answers', async () => {
    begin();
    open.cancel();
    await settled();
    expect([sent.messages, removed]).toEqual([['cancel w1'], []]);
  });

  it('is cancelled everywhere when nobody is known to answer, or who answered does not listen', async () => {
    open.cancel();
    await settled();
    expect([sent.messages, removed]).toEqual([['cancel all'], ['r']]);
    open = all.add({ requestId: 's', stream: 1, queue: 'q', deadline: 1_000_000_000_000_000 });
    begin();
    sent.listeners = 0;
    open.cancel();
    await settled();
    expect([sent.messages.slice(1), removed]).toEqual([
      ['cancel w1', 'cancel all'],
      ['r', 's'],
    ]);
  });

  it('fails when its time is over', async () => {
    open.check(1_000_000_000_000_001);
    await expect(open.response.head()).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });
});
