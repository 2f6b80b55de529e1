import { eventually, openRequest } from '#testing';
import { enginesOf } from '../../e2e/support/engines.js';
import { slotsOf, syntheticStats } from '../cluster/busy-engines.js';
import { pick } from '../random.js';
import type { Fault, FaultScene } from './fault.js';

/** Far more than can be said before the client hangs up. */
const TOKENS = 3_000;
const IDLE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 10;
let asked = 0;

/** A client without an `Idempotency-Key` hangs up in the middle of a long answer; its engine should notice at once. */
export const hangUp: Fault = async (scene) => {
  const tokens = TOKENS + ++asked;
  const running = await runningProbe(scene, tokens);
  const url = pick(scene.chaos.gateways(), scene.random);
  const stream = await openRequest({
    url: `${url}/v1/chat/completions`,
    body: {
      model: scene.chaos.models.scripted.reference,
      messages: [{ role: 'user', content: 'Please !loop now.' }],
      stream: true,
      max_tokens: tokens,
      synthetic: { rate: 90 },
    },
  });
  try {
    await eventually(() => stream.received().includes('\n\ndata:'));
    await eventually(running, Boolean, { what: 'an engine at work on the request' });
  } finally {
    stream.hangUp();
  }
  const healedAt = performance.now();
  const idleAfter = await eventually(running, (still) => !still, {
    within: IDLE_WITHIN_MS,
    every: LOOK_EVERY_MS,
  }).then(
    () => performance.now() - healedAt,
    () => Number.NaN,
  );
  return { healedAt, idleAfter, note: 'a client' };
};

/** Tells whether an engine is at work on the one request that asks for so many tokens. */
async function runningProbe({ chaos, engine }: FaultScene, tokens: number): Promise<() => Promise<boolean>> {
  const engines = () => chaos.workers().flatMap(enginesOf);
  if (engine !== 'synthetic') {
    return async () => {
      const slots = await Promise.all(engines().map((each) => slotsOf(each).catch(() => [])));
      return slots.flat().some(({ is_processing, params }) => is_processing && params?.n_predict === tokens);
    };
  }
  // It does not tell what it runs, but counts what its callers have left.
  const aborted = async (): Promise<number> => {
    const stats = await Promise.all(engines().map((each) => syntheticStats(each)));
    return stats.reduce((sum, each) => sum + (each?.aborted ?? 0), 0);
  };
  const before = await aborted();
  return async () => (await aborted()) === before;
}
