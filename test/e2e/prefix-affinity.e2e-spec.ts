import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, openChat, openRequest, type StreamedChat, streamChat } from '#testing';
import { useCluster } from './support/use-cluster.js';

const WORKERS = 3;
const TURNS = 5;
const shared = useCluster({
  gateways: 2,
  workers: WORKERS,
  engine: 'synthetic',
  workerEnvironment: { LONGSHORE_SLOTS: '1' },
  gatewayEnvironment: { LONGSHORE_RESPONSE_RETENTION: '3s' },
});
/** The head of a stream that was told how long it waits goes out before anybody knows who will answer. */
const headers = { 'x-queue-notices': 'off' };
let model: string;

type Message = Readonly<Record<'role' | 'content', string>>;

const opening = (topic: string): Message[] => [
  { role: 'system', content: 'You work in a harbour.' },
  { role: 'user', content: `Tell me about ${topic}.` },
];

function request(messages: readonly Message[], rate = 0) {
  const parameters = { messages, max_tokens: rate > 0 ? 1_000 : 4, synthetic: { rate } };
  return { model, prompt: '', headers, parameters };
}

/** One turn, through the gateways in turn. */
async function say(messages: readonly Message[], number = 0): Promise<StreamedChat> {
  return streamChat(shared.cluster.gateway(number % 2).url, request(messages));
}

/** All turns of a conversation, one after the other without a pause. @returns who answered each */
async function converse(topic: string, gateway: number): Promise<readonly string[]> {
  const messages = opening(topic);
  const workers: string[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const { workerId, text } = await say(messages, gateway);
    workers.push(workerId);
    messages.push({ role: 'assistant', content: text }, { role: 'user', content: `Go on, part ${turn}.` });
  }
  return workers;
}

/**
 * The share of turns that were answered where the turn before was: 1, but for workers that got no time from the machine
 * for longer than a job is kept for them. Without affinity at most a third.
 */
function faithful(conversations: readonly (readonly unknown[])[]): number {
  const followUps = conversations.flatMap((workers) =>
    workers.slice(1).map((worker, index) => worker === workers[index]),
  );
  return followUps.filter(Boolean).length / followUps.length;
}

beforeAll(async () => {
  ({ reference: model } = await shared.pulled('scripted'));
  // Enough at once, and for long enough, that every worker joins in.
  const slow = (index: number) => {
    const wish = request(opening(`crane ${index}`));
    const parameters = { ...wish.parameters, synthetic: { rate: 10 } };
    return streamChat(shared.cluster.gateway(index % 2).url, { ...wish, parameters });
  };
  const burst = () => Promise.all(Array.from({ length: 12 }, (_, index) => slow(index)));
  await eventually(
    async () => new Set((await burst()).map(({ workerId }) => workerId)).size,
    (workers) => workers === WORKERS,
    { within: 60_000, what: 'every worker to answer' },
  );
  // What is over has been announced.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
});

describe('the turns of a conversation', () => {
  it('go to the same worker, whichever gateway they come through, and conversations to all workers', async () => {
    const conversations: (readonly string[])[] = [];
    for (let number = 0; number < 12; number++) conversations.push(await converse(`ship ${number}`, number));
    expect(faithful(conversations)).toBeGreaterThan(0.5);
    expect(new Set(conversations.flat()).size).toBe(WORKERS);
  });

  it('go to another worker while theirs has no room, and back when it has', async () => {
    const messages = opening('tides');
    const busy = await openChat(shared.cluster.gateway().url, request(messages, 5));
    const full = busy.headers['x-longshore-worker'];
    const others = [await say(messages, 1), await say(messages, 0), await say(messages, 1)];
    expect(others.map(({ workerId }) => workerId)).not.toContain(full);
    busy.hangUp();
    await eventually(
      async () => (await say(messages)).workerId,
      (workerId) => workerId === full,
    );
  });
});

describe('responses that follow each other', () => {
  async function converseByIds(): Promise<readonly unknown[]> {
    const { url } = shared.cluster.gateway();
    const workers: unknown[] = [];
    let previous: string | undefined;
    for (let turn = 0; turn < TURNS; turn++) {
      const body = { model, input: `Turn ${turn}`, max_output_tokens: 4, previous_response_id: previous };
      const response = await openRequest({ url: `${url}/v1/responses`, body });
      const answer = JSON.parse((await response.whole()).toString('utf8')) as { readonly id: string };
      previous = answer.id;
      workers.push(response.headers['x-longshore-worker']);
    }
    return workers;
  }

  it('go to the same worker', async () => {
    const conversations: (readonly unknown[])[] = [];
    for (let number = 0; number < 8; number++) conversations.push(await converseByIds());
    expect(faithful(conversations)).toBeGreaterThan(0.5);
  });
});

describe('the next turn', () => {
  it('goes to another worker when its own was killed this moment', async () => {
    const messages = opening('fog');
    const { workerId: theirs } = await say(messages);
    const worker = shared.cluster.workers.find(({ workerId }) => workerId === theirs);
    await worker?.kill();
    // The gateway has not noticed yet, and goes on to prefer it.
    const next = await say(messages);
    expect(next.workerId).not.toBe(theirs);
  });
});
