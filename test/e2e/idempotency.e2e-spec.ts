import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { Names } from '#contracts';
import { RedisConnections } from '#redis';
import {
  assembleChat,
  type ClusterGateway,
  eventually,
  type OpenResponse,
  openRequest,
  parseSse,
  syntheticText,
} from '#testing';
import { statsOf } from './support/engines.js';
import { eventIds, requestIdOf, resume, wholeEvents } from './support/resume.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  workerEnvironment: { LONGSHORE_SLOTS: '32' },
});

let model = '';
let keys = 0;
const freshKey = (): string => `key-${++keys}`;
const stats = () => statsOf(shared.cluster.worker());
const requests = async (): Promise<number> => (await stats()).requests;

const living = (): readonly ClusterGateway[] => shared.cluster.gateways.filter(({ alive }) => alive);

interface Question {
  readonly key: string;
  readonly stream?: boolean;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const bodyOf = ({ stream = true, parameters = { max_tokens: 5 } }: Question): string =>
  JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Hi' }], ...parameters });

function ask(gateway: ClusterGateway, question: Question): Promise<OpenResponse> {
  const { key, headers, signal } = question;
  return openRequest({
    url: `${gateway.url}/v1/chat/completions`,
    // A stream that is told that it waits has other bytes, and a status before its engine has.
    headers: { 'idempotency-key': key, 'x-queue-notices': 'off', ...headers },
    body: bodyOf(question),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function answerOf(
  response: Promise<OpenResponse>,
): Promise<{ id: string; status: number; text: string }> {
  const opened = await response;
  const text = (await opened.whole()).toString();
  return { id: requestIdOf(opened), status: opened.status, text };
}

beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await answerOf(ask(shared.cluster.gateway(), { key: freshKey() }));
});

describe('a request with an idempotency key', () => {
  it.each([true, false])(
    'has the same answer at every gateway and runs once (stream: %s)',
    async (stream) => {
      const before = await requests();
      const key = freshKey();
      const first = await answerOf(ask(shared.cluster.gateway(0), { key, stream }));
      const again = await answerOf(ask(shared.cluster.gateway(1), { key, stream }));
      const here = await answerOf(ask(shared.cluster.gateway(0), { key, stream }));
      expect(first.status).toBe(200);
      expect([again, here]).toEqual([first, first]);
      expect(await requests()).toBe(before + 1);
    },
  );

  it('runs once when it is made many times at the same moment', async () => {
    const before = await requests();
    const key = freshKey();
    const parameters = { max_tokens: 20, synthetic: { prefillMs: 300 } };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        answerOf(ask(shared.cluster.gateway(index % 2), { key, parameters })),
      ),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await requests()).toBe(before + 1);
  });

  it('goes on after what the client has, when it is made again in mid-stream', async () => {
    const before = await requests();
    const question = { key: freshKey(), parameters: { max_tokens: 100, synthetic: { rate: 100 } } };
    const first = await ask(shared.cluster.gateway(0), question);
    await eventually(() => wholeEvents(first.received()).length > 5);
    first.hangUp();
    const had = wholeEvents(first.received());
    const headers = { 'last-event-id': String(had.length) };
    const rest = await ask(shared.cluster.gateway(1), { ...question, headers });
    const bytes = await rest.whole();
    expect(eventIds(bytes)[0]).toBe(had.length + 1);
    const all = Buffer.from(`${[...had, ...wholeEvents(bytes)].join('\n\n')}\n\n`);
    expect(assembleChat(parseSse(all)).text).toBe(syntheticText(100));
    expect(await requests()).toBe(before + 1);
  });

  it('is refused when the key was used for something else', async () => {
    const key = freshKey();
    const first = await answerOf(ask(shared.cluster.gateway(0), { key }));
    const other = await answerOf(ask(shared.cluster.gateway(1), { key, parameters: { max_tokens: 6 } }));
    expect(other.status).toBe(422);
    expect(other.text).toContain('idempotency_conflict');
    expect(await answerOf(ask(shared.cluster.gateway(1), { key }))).toEqual(first);
  });

  it('does not meet that of another caller with the same key', async () => {
    const before = await requests();
    const key = freshKey();
    const one = { authorization: 'Bearer one' };
    const first = await answerOf(ask(shared.cluster.gateway(0), { key, headers: one }));
    const other = await answerOf(
      ask(shared.cluster.gateway(0), { key, headers: { authorization: 'Bearer two' } }),
    );
    expect(other.id).not.toBe(first.id);
    expect(await requests()).toBe(before + 2);
    expect((await resume(shared.cluster.gateway(1).url, key)).status).toBe(404);
    const again = await resume(shared.cluster.gateway(1).url, key, { headers: one });
    expect(requestIdOf(again)).toBe(first.id);
  });

  it('frees its key when it is refused before it is accepted', async () => {
    const key = freshKey();
    const unknown = { key, parameters: { model: 'nobody/has-this' } };
    expect((await answerOf(ask(shared.cluster.gateway(0), unknown))).status).toBe(404);
    expect((await answerOf(ask(shared.cluster.gateway(1), { key }))).status).toBe(200);
  });

  it('fails again as it failed first', async () => {
    const question = { key: freshKey(), parameters: { synthetic: { refuse: 422 } } };
    const first = await answerOf(ask(shared.cluster.gateway(0), question));
    expect(first.status).toBe(422);
    expect(await answerOf(ask(shared.cluster.gateway(1), question))).toEqual(first);
  });

  it.each(['', 'with space', 'x'.repeat(256), 'ä'])('is refused with the key %j', async (key) => {
    const { status, text } = await answerOf(
      ask(shared.cluster.gateway(0), { key: Buffer.from(key).toString('latin1') }),
    );
    expect(status).toBe(400);
    expect(text).toContain('Idempotency-Key must have');
  });
});

describe('a gateway that is killed', () => {
  it('before the first byte of an answer lets it be had elsewhere, and it runs once', async () => {
    const victim = await shared.cluster.addGateway();
    const before = await requests();
    const question = { key: freshKey(), parameters: { max_tokens: 5, synthetic: { prefillMs: 4_000 } } };
    const broken = ask(victim, { ...question, stream: false }).catch(() => 'broken off');
    await eventually(stats, ({ open }) => open === 1);
    await victim.kill('SIGKILL');
    expect(await broken).toBe('broken off');
    const { status, text } = await answerOf(ask(shared.cluster.gateway(0), { ...question, stream: false }));
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ choices: [{ message: { content: syntheticText(5) } }] });
    expect(await requests()).toBe(before + 1);
  });

  it('after it took a key and before its job was in a queue leaves it to the next try, which runs it once', async () => {
    const question = { key: freshKey() };
    await claimAsGone(question, 'gw-0123456789ab.7');
    const before = await requests();
    const answers = await Promise.all(living().map((gateway) => answerOf(ask(gateway, question))));
    for (const { id, status, text } of answers) {
      expect([id, status]).toEqual(['gw-0123456789ab.7', 200]);
      expect(assembleChat(parseSse(Buffer.from(text))).text).toBe(syntheticText(5));
    }
    expect(await requests()).toBe(before + 1);
  });
});

/** Last, because embeddings start a second engine. */
describe('a key', () => {
  it.each(['/v1/completions', '/v1/embeddings', '/engines/v1/chat/completions'])(
    'is understood by %s',
    async (path) => {
      const body = { model, prompt: 'Hi', input: 'Hi', messages: [{ role: 'user', content: 'Hi' }] };
      const headers = { 'idempotency-key': freshKey() };
      const [first, again] = await Promise.all(
        living().map(({ url }) => answerOf(openRequest({ url: `${url}${path}`, headers, body }))),
      );
      expect(first?.id).toMatch(/^gw-/);
      expect(again).toEqual(first);
    },
  );
});

/** Leaves in Redis what a gateway leaves that dies at that moment. */
async function claimAsGone(question: Question, requestId: string): Promise<void> {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const fingerprint = sha256(` /v1/chat/completions\n${bodyOf(question)}`);
  const connections = new RedisConnections({ url: shared.cluster.redis.url, name: 'test' });
  try {
    const key = new Names().idempotencyKey(sha256(`\n${question.key}`));
    const claim = JSON.stringify({ version: 1, requestId, fingerprint });
    await connections.patient('claiming').set(key, claim, 'PX', 60_000);
  } finally {
    connections.close();
  }
}
