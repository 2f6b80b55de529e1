import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionConfiguration } from '#contracts';
import { requestJson } from '#testing';
import { eventStream } from '../../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

const ANSWER = [
  'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
];

let fake: FakeGateway;

beforeEach(async () => {
  fake = await startFakeGateway();
  fake.cluster.completions.respond = async () => eventStream(ANSWER);
});
afterEach(() => fake.gateway.stop(0));

const generate = (members: object): Promise<{ readonly status: number }> =>
  requestJson({
    url: `${fake.url}/api/generate`,
    body: { model: 'smollm2', prompt: 'Hi', stream: false, ...members },
  });

describe('what a call says about its model', () => {
  it.each([
    [{ keep_alive: '1h' }, { keepAlive: 3_600_000 }],
    [{ options: { num_ctx: 8_000 } }, { contextSize: 8_192 }],
  ])('stands beside what somebody else configures at that moment: %j', async (members, configured) => {
    const { configurations } = fake.cluster;
    const kept = () => [...configurations.kept.values()];
    await generate({ keep_alive: '5m' });
    const [before] = kept() as [SessionConfiguration];
    configurations.meanwhile = () => void configurations.put({ ...before, flags: ['--no-mmap'] });
    expect(await generate(members)).toMatchObject({ status: 200 });
    expect(kept()).toMatchObject([{ flags: ['--no-mmap'], ...configured }]);
  });
});
