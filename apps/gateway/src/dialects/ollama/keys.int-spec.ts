import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventStream } from '../../__fakes__/fake-completions.js';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

const ADMIN = 'an-administrators-key';
const DONE = 'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n';

describe('the Ollama API where keys are asked for', () => {
  let fake: FakeGateway;
  let inference = '';
  let managing = '';

  const post = async (path: string, key: string, body: object): Promise<[number, unknown]> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${fake.url}${path}`, init);
    return [response.status, await response.json()];
  };
  const keyWith = async (...scopes: string[]): Promise<string> => {
    const [, answer] = await post('/keys', ADMIN, { name: 'test', scopes });
    return (answer as { readonly key: string }).key;
  };
  beforeEach(async () => {
    fake = await startFakeGateway({ adminKey: ADMIN });
    fake.cluster.completions.respond = async () => eventStream([DONE]);
    inference = await keyWith('inference');
    managing = await keyWith('inference', 'models');
  });
  afterEach(() => fake.gateway.stop(0));

  const GENERATE = { model: 'smollm2', prompt: 'Hi', stream: false };

  it('changes how a model runs only for those who may', async () => {
    const wishes = { ...GENERATE, keep_alive: '1h', options: { num_ctx: 8_000 } };
    expect(await post('/api/generate', inference, wishes)).toMatchObject([200, { response: 'Hi' }]);
    expect(fake.cluster.configurations.kept.size).toBe(0);
    expect(await post('/api/generate', managing, wishes)).toMatchObject([200, { response: 'Hi' }]);
    const [kept] = fake.cluster.configurations.kept.values();
    expect(kept).toMatchObject({ modelId: SMOLLM.id, keepAlive: 3_600_000, contextSize: 8_192 });
  });

  it('unloads a model only for those who may', async () => {
    const unload = { model: 'smollm2', keep_alive: 0 };
    expect(await post('/api/generate', inference, unload)).toEqual([
      403,
      { error: expect.stringContaining('"models"') as string },
    ]);
    expect(fake.cluster.control.sent).toEqual([]);
    expect(await post('/api/generate', managing, unload)).toMatchObject([200, { done_reason: 'unload' }]);
    expect(fake.cluster.control.sent).toMatchObject([{ kind: 'unload' }]);
  });

  it('says in its own shape that a key is missing, or may not', async () => {
    expect(await post('/api/chat', 'none', GENERATE)).toEqual([401, { error: expect.any(String) as string }]);
    expect(await post('/api/copy', inference, { source: 'smollm2', destination: 'b' })).toMatchObject([
      403,
      { error: expect.any(String) as string },
    ]);
  });
});
