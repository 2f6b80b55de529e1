import { makeTemporaryFolder, syntheticEnginePath } from '#testing';
import { expect, it } from 'vitest';
import { breakOff, startScripted } from '../__contract__/going-on-contract.js';
import { LlamaServerEngine } from './llama-server-engine.js';

const stream_options = { include_usage: true };

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], max_tokens: 12, stream_options }],
  ['/v1/completions', { prompt: 'x', max_tokens: 12 }],
])('says an answer of %s once more when llama-server cannot count tokens', async (route, body) => {
  const folder = await makeTemporaryFolder('syn');
  const engine = new LlamaServerEngine({ binary: await syntheticEnginePath(), environment: process.env });
  const session = await startScripted(engine, folder, { slots: 2, contextSize: 1024 });
  try {
    const { whole, goneOn } = await breakOff(session, { route, body });
    expect(goneOn).toEqual(goneOn.map(({ cut }) => ({ cut, answer: whole })));
  } finally {
    await session.stop(1_000);
    await folder.remove();
  }
});
