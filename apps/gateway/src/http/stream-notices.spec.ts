import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { completionQueue } from '#contracts';
import { FakeCompletions } from '../__fakes__/fake-completions.js';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { FakeLoadNews, FakeWorkers } from '../__fakes__/fake-workers.js';
import type { AcceptedCompletion } from '../completions/completions.js';
import type { Whereabouts } from '../completions/whereabouts.js';
import { LoadProgress } from '../engines/load-progress.js';
import { encodeNotice, StreamNotices, voiceFor } from './stream-notices.js';

const ACCEPTED: AcceptedCompletion = {
  requestId: 'gw.1',
  queue: 'q',
  model: 'm',
  ahead: 0,
  workerId: () => undefined,
};

class Client {
  bytes = 0;
  readonly comments: string[] = [];

  comment(text: string): void {
    this.comments.push(text);
  }

  readonly lines: string[] = [];

  line(text: string): void {
    this.lines.push(text);
  }
}

describe('encodeNotice', () => {
  it.each<[Whereabouts, string]>([
    [{ state: 'queued', position: 3, eta: 4.21 }, 'queued position=3 eta=4.2s'],
    [{ state: 'queued', position: 3 }, 'queued position=3'],
    [{ state: 'loading' }, 'loading'],
    [{ state: 'running' }, 'running'],
    [{ state: 'waiting' }, 'waiting'],
  ])('says of %j before the answer: %s', (place, text) => {
    expect(encodeNotice(place, false)).toBe(text);
  });

  it('says nothing in the middle of an answer that goes on', () => {
    expect(encodeNotice({ state: 'running' }, true)).toBeUndefined();
  });

  it('says that an answer waits when nobody goes on with it', () => {
    expect(encodeNotice({ state: 'waiting' }, true)).toBe('waiting');
    expect(encodeNotice({ state: 'queued', position: 2 }, true)).toBe('waiting');
  });
});

describe('voiceFor', () => {
  it.each([
    ['docker-model-cli/v1.2.6', 'lines'],
    ['docker-model-cli/v1.2.6 an-addition', 'lines'],
    ['OpenAI/JS 6.9.1', 'comments'],
    [undefined, 'comments'],
  ])('speaks to %s in %s', (userAgent, voice) => {
    expect(voiceFor(userAgent)).toBe(voice);
  });
});

describe('StreamNotices', () => {
  let completions: FakeCompletions;
  let notices: StreamNotices;
  let client: Client;
  let news: FakeLoadNews;

  beforeEach(() => {
    vi.useFakeTimers();
    completions = new FakeCompletions();
    news = new FakeLoadNews();
    completions.whereabouts = { state: 'queued', position: 2 };
    notices = new StreamNotices(completions, new LoadProgress(new FakeWorkers(), news));
    client = new Client();
  });
  afterEach(() => vi.useRealTimers());

  it('tells nothing to a stream that is answered within a second', async () => {
    const end = notices.add(ACCEPTED, client);
    await vi.advanceTimersByTimeAsync(800);
    end();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.comments).toEqual([]);
  });

  it('tells one that waits after a second, and then every two', async () => {
    notices.add(ACCEPTED, client);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.comments).toEqual(['queued position=2']);
    await vi.advanceTimersByTimeAsync(1_750);
    expect(client.comments).toHaveLength(1);
    completions.whereabouts = { state: 'loading' };
    await vi.advanceTimersByTimeAsync(250);
    expect(client.comments).toEqual(['queued position=2', 'loading']);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(client.comments).toHaveLength(5);
  });

  it('tells one whose model is loading how far that is, until its worker is gone', async () => {
    completions.whereabouts = { state: 'loading' };
    const queue = completionQueue({ variant: 'cpu', modelId: SMOLLM.id, mode: 'completion' });
    notices.add({ ...ACCEPTED, queue }, client);
    news.tell({ workerId: 'w1', stage: 'fetching', completed: 10, total: 20 });
    await vi.advanceTimersByTimeAsync(1_000);
    news.tell({ workerId: 'w1', stage: 'starting' });
    await vi.advanceTimersByTimeAsync(2_000);
    news.tell({ workerId: 'gone', stage: 'starting' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(client.comments).toEqual([
      'loading stage=fetching completed=10 total=20',
      'loading stage=starting',
      'loading',
    ]);
  });

  it('tells one that prints lines each thing once, and in comments once the answer has begun', async () => {
    const end = notices.add(ACCEPTED, client, 'lines');
    await vi.advanceTimersByTimeAsync(5_000);
    completions.whereabouts = { state: 'queued', position: 1 };
    await vi.advanceTimersByTimeAsync(2_000);
    const next = 'Waiting in the queue: next in line.';
    expect(client.lines).toEqual(['Waiting in the queue: number 2 in line.', '', '', next]);
    expect(client.comments).toEqual([]);
    completions.whereabouts = { state: 'waiting' };
    client.bytes = 10;
    await vi.advanceTimersByTimeAsync(3_000);
    end();
    expect(client.lines).toHaveLength(4);
    expect(client.comments).toEqual(['waiting']);
  });

  it('is silent while bytes come, and for two seconds after', async () => {
    completions.whereabouts = { state: 'waiting' };
    notices.add(ACCEPTED, client);
    for (let second = 0; second < 5; second++) {
      client.bytes += 100;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(client.comments).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(client.comments).toEqual(['waiting']);
  });

  it('looks for all streams that are due at once, and only for those', async () => {
    const looks: number[] = [];
    const locate = completions.locate.bind(completions);
    completions.locate = (requests) => {
      looks.push(requests.length);
      return locate(requests);
    };
    for (let i = 0; i < 100; i++) notices.add(ACCEPTED, new Client());
    await vi.advanceTimersByTimeAsync(500);
    for (let i = 0; i < 7; i++) notices.add(ACCEPTED, new Client());
    await vi.advanceTimersByTimeAsync(2_000);
    expect(looks).toEqual([100, 7]);
  });

  it('says nothing to a stream whose answer came while it looked', async () => {
    completions.locate = async () => {
      client.bytes = 10;
      return [{ state: 'running' }];
    };
    notices.add(ACCEPTED, client);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(client.comments).toEqual([]);
  });

  it('keeps no timer once the last stream has ended', () => {
    const ends = [notices.add(ACCEPTED, client), notices.add(ACCEPTED, new Client())];
    expect(vi.getTimerCount()).toBe(1);
    for (const end of ends) end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
