import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, openRequest, requestJson } from '#testing';
import { residentMemory, statsOf } from './support/engines.js';
import { cancel, requestIdOf, resume } from './support/resume.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: {
    LONGSHORE_RESUME_WINDOW: '2s',
    LONGSHORE_LOG_RETENTION: '5s',
    LONGSHORE_RESULT_RETENTION: '5s',
    LONGSHORE_REQUEST_TIMEOUT: '20s',
    LONGSHORE_RESPONSE_RETENTION: '5s',
  },
});

let model = '';
const url = (gateway = 0): string => shared.cluster.gateway(gateway).url;
const question = (members: object): object => ({
  model,
  messages: [{ role: 'user', content: 'Hi' }],
  ...members,
});

function ask(members: object, headers: Readonly<Record<string, string>> = {}, gateway = 0) {
  return openRequest({ url: `${url(gateway)}/v1/chat/completions`, headers, body: question(members) });
}

beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await (await ask({ max_tokens: 1 })).whole();
});

/** Asks for an answer and never reads it. */
function followSilently(gateway: number, id: string): Promise<Socket> {
  const socket = connect(Number(new URL(url(gateway)).port), '127.0.0.1').on('error', () => undefined);
  socket.pause();
  return new Promise((resolve) =>
    socket.once('connect', () => {
      socket.write(`GET /v1/streams/${id} HTTP/1.1\r\nHost: x\r\n\r\n`);
      resolve(socket);
    }),
  );
}

describe('a hostile reader of answers', () => {
  it('who asks for a long one hundreds of times and never reads takes neither Redis nor memory from others', async () => {
    const long = await ask({ stream: true, max_tokens: 15_000 }, { 'x-longshore-resumable': 'true' });
    expect((await long.whole()).length).toBeGreaterThan(2_500_000);
    const { pid } = shared.cluster.gateway(1);
    const before = residentMemory(pid);
    const sockets = await Promise.all(
      Array.from({ length: 300 }, () => followSilently(1, requestIdOf(long))),
    );
    const others = Array.from({ length: 20 }, (_, index) => ask({ max_tokens: 3 }, {}, index % 2));
    for (const other of await Promise.all(others)) expect(other.status).toBe(200);
    expect(residentMemory(pid) - before).toBeLessThan(400);
    for (const socket of sockets) socket.destroy();
    await eventually(
      async () => (await fetch(`${url(1)}/metrics`)).text(),
      (text) => /^longshore_open_responses 0$/m.test(text),
      { within: 20_000 },
    );
  });

  it.each(['.', '%00', 'a%2Fb', '%F0%9F%98%80', 'x'.repeat(256), 'gw-000000000000.1', '__proto__', '*'])(
    'who makes up the id %j is refused at once in a sentence',
    async (id) => {
      for (const method of ['GET', 'DELETE']) {
        const { status, json } = await requestJson({ url: `${url()}/v1/streams/${id}`, method });
        expect([400, 404]).toContain(status);
        expect(json).toMatchObject({ error: { message: expect.stringMatching(/\w+ \w+/) } });
      }
    },
  );

  it('who writes an id in another way does not find it', async () => {
    const answer = await ask({ max_tokens: 1 });
    await answer.whole();
    const [gateway, stream] = requestIdOf(answer).split('.');
    expect((await resume(url(1), `${gateway}.0${stream}`)).status).toBe(404);
    expect((await resume(url(1), `${gateway}.${stream}`)).status).toBe(200);
  });

  it('who asks for the head of an answer alone has it before the answer ends', async () => {
    const live = await ask({ stream: true, max_tokens: 400, synthetic: { rate: 50 } });
    const head = await openRequest({ url: `${url(1)}/v1/streams/${requestIdOf(live)}`, method: 'HEAD' });
    expect([head.status, (await head.whole()).length]).toEqual([200, 0]);
    expect((await statsOf(shared.cluster.worker())).open).toBe(1);
    live.hangUp();
  });

  it('who reads and cancels at once leaves the engine idle and every reader an end', async () => {
    for (let wait = 0; wait < 60; wait += 20) {
      const live = await ask({ stream: true, max_tokens: 1_000, synthetic: { rate: 100 } });
      const id = requestIdOf(live);
      const readers = [0, 1].map((gateway) => resume(url(gateway), id).then((read) => read.whole()));
      const ends = Promise.allSettled([live.whole(), ...readers]);
      await new Promise((resolve) => setTimeout(resolve, wait));
      expect(await Promise.all([cancel(url(0), id), cancel(url(1), id)])).toEqual([204, 204]);
      await ends;
    }
    await eventually(
      () => statsOf(shared.cluster.worker()),
      ({ open }) => open === 0,
    );
  });
});

describe('a hostile request for a response', () => {
  const respond = (body: unknown, headers: Readonly<Record<string, string>> = {}, gateway = 0) =>
    requestJson({ url: `${url(gateway)}/v1/responses`, headers, body });

  it.each(['metadata', 'tools', 'text', 'top_k'])(
    'is refused when its "%s" nests too deeply',
    async (name) => {
      const nested = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
      const body = `{"model":${JSON.stringify(model)},"input":"Hi","${name}":${nested}}`;
      expect(await respond(body)).toMatchObject({
        status: 400,
        json: { error: { code: 'invalid_request' } },
      });
    },
  );

  it('is not kept when it was deleted while it ran', async () => {
    for (let wait = 0; wait < 240; wait += 60) {
      const slow = { model, input: 'Hi', background: true, max_output_tokens: 500, synthetic: { rate: 50 } };
      const { id } = (await respond(slow)).json as { id: string };
      await new Promise((resolve) => setTimeout(resolve, wait));
      const gone = await requestJson({ url: `${url(1)}/v1/responses/${id}`, method: 'DELETE' });
      expect(gone.status).toBe(200);
      await eventually(
        () => statsOf(shared.cluster.worker()),
        ({ open }) => open === 0,
      );
      expect((await requestJson({ url: `${url()}/v1/responses/${id}` })).status).toBe(404);
    }
  });

  it('does not get the answer of another that had its key', async () => {
    const headers = { 'idempotency-key': 'one-key' };
    const body = { model, input: 'Hi', max_output_tokens: 3 };
    const first = await respond({ ...body, background: true }, headers);
    expect(first.status).toBe(200);
    expect((await respond(body, headers, 1)).status).toBe(422);
    const again = await respond({ ...body, background: true }, headers, 1);
    expect((again.json as { id: string }).id).toBe((first.json as { id: string }).id);
  });
});
