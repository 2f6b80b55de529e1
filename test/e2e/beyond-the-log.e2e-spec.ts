import { beforeAll, expect, it } from 'vitest';
import { assembleChat, eventually, openChat, type OpenResponse, parseSse, syntheticText } from '#testing';
import { requestIdOf, resume, wholeEvents } from './support/resume.js';
import { useCluster } from './support/use-cluster.js';

/** Some thirty events. */
const LOG_LIMIT = '8KiB';
const TOKENS = 300;

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: { LONGSHORE_LOG_LIMIT: LOG_LIMIT },
});

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await (await ask(1)).whole();
});

const ask = (tokens: number, rate = 0): Promise<OpenResponse> =>
  openChat(shared.cluster.gateway(0).url, {
    model,
    prompt: 'Hi',
    parameters: { max_tokens: tokens, synthetic: { rate } },
  });
const again = (stream: OpenResponse, after = 0): Promise<OpenResponse> =>
  resume(shared.cluster.gateway(1).url, requestIdOf(stream), { after });

it('has an answer from its start, while it is being made, whose end is not logged', async () => {
  const stream = await ask(TOKENS, 100);
  await eventually(() => wholeEvents(stream.received()).length > 150);
  const follower = await again(stream);
  const bytes = await stream.whole();
  const told = await follower.whole();
  expect(wholeEvents(told)).toEqual(wholeEvents(bytes));
  expect(assembleChat(parseSse(bytes)).text).toBe(syntheticText(TOKENS));
});

it('has an answer again whose end its worker still knows', async () => {
  const stream = await ask(TOKENS);
  const events = wholeEvents(await stream.whole());
  expect(wholeEvents(await (await again(stream, 100)).whole())).toEqual(events.slice(100));
});

it('gives what there is of an answer whose end nobody knows any more, and says that this is not all', async () => {
  const stream = await ask(TOKENS, 500);
  const events = wholeEvents(await stream.whole());
  const worker = shared.cluster.worker();
  await worker.kill('SIGKILL');
  await shared.cluster.restartWorker(worker.name);
  const rest = await again(stream);
  await expect(rest.whole()).rejects.toThrow('aborted');
  const told = wholeEvents(rest.received());
  expect(told.length).toBeGreaterThan(20);
  expect(told.slice(0, -1)).toEqual(events.slice(0, told.length - 1));
  expect(told.at(-1)).toMatch(/longer than what is kept of it.*"code":"worker_lost"/);
});
