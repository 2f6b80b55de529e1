import { makeTemporaryFolder, syntheticEnginePath } from '#testing';
import { it } from 'vitest';
import { expectToGoOn, startScripted } from '../__contract__/going-on-contract.js';
import { LlamaServerEngine } from './llama-server-engine.js';

it('says once more what a llama-server that cannot count tokens broke off', async () => {
  const folder = await makeTemporaryFolder('syn');
  const engine = new LlamaServerEngine({ binary: await syntheticEnginePath(), environment: process.env });
  const session = await startScripted(engine, folder, { slots: 2, contextSize: 1024 });
  try {
    const stream_options = { include_usage: true };
    const messages = [{ role: 'user', content: 'x' }];
    await expectToGoOn(session, {
      route: '/v1/chat/completions',
      body: { messages, max_tokens: 12, stream_options },
    });
    await expectToGoOn(session, { route: '/v1/completions', body: { prompt: 'x', max_tokens: 12 } });
  } finally {
    await session.stop(1_000);
    await folder.remove();
  }
});
