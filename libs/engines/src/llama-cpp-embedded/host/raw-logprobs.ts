import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { TOP_LOGPROBS_LIMIT, type RankedToken, type TokenLogprob } from './token-logprob.js';

type Sample = (place: number, sampler: unknown, ...more: unknown[]) => Promise<unknown>;

interface NeutralSampler {
  applyConfig(config: object): void;
}

/**
 * The library tells how probable a token was only after temperature, top-k and grammar have been applied. This makes it
 * tell how probable it was before: where an evaluation asks for `confidence`, a `TokenLogprob` comes in its stead.
 * False when this version of the library does not look as the one this was written for; nothing is changed then.
 */
export function exposeRawLogprobs(context: LlamaContext, model: LlamaModel): boolean {
  const native = memberOf(context, '_ctx');
  const sample: unknown = native?.['sampleToken'];
  const Sampler: unknown = memberOf(model.llama, '_bindings')?.['AddonSampler'];
  const nativeModel = memberOf(model, '_model');
  if (native === undefined || nativeModel === undefined) return false;
  if (typeof sample !== 'function' || typeof Sampler !== 'function') return false;
  const original: Sample = (sample as Sample).bind(native);
  // One sampler works on one token at a time.
  const idle: NeutralSampler[] = [];
  const newSampler = (): NeutralSampler => {
    const sampler = new (Sampler as new (model: unknown) => NeutralSampler)(nativeModel);
    sampler.applyConfig({ temperature: 0 });
    return sampler;
  };
  const logprobOf = async (place: number, token: number): Promise<TokenLogprob> => {
    const sampler = idle.pop() ?? newSampler();
    const filter = [[token], false, false, false, TOP_LOGPROBS_LIMIT];
    const result = await original(place, sampler, false, false, filter, true);
    idle.push(sampler);
    return readLogprob(token, result);
  };
  const told: Sample = async (place, sampler, ...more) => {
    if (more[1] !== true) return original(place, sampler, ...more);
    const token = await original(place, sampler);
    return typeof token === 'number' && token >= 0
      ? [token, undefined, await logprobOf(place, token)]
      : token;
  };
  return Reflect.defineProperty(native, 'sampleToken', { value: told });
}

/** @param result - token, two we did not ask for, logits as id, value, id, value, …, and the sum of their weights */
function readLogprob(token: number, result: unknown): TokenLogprob {
  const [, , , logits, weight] = result as [number, unknown, unknown, readonly number[], number];
  const ranked: RankedToken[] = [];
  const norm = (logits[1] ?? 0) + Math.log(weight);
  for (let at = 0; at < logits.length; at += 2)
    ranked.push({ id: logits[at] ?? 0, logprob: (logits[at + 1] ?? 0) - norm });
  const own = ranked.find((one) => one.id === token)?.logprob ?? Number.NEGATIVE_INFINITY;
  return { id: token, logprob: own, top: ranked.slice(0, TOP_LOGPROBS_LIMIT) };
}

function memberOf(holder: object, name: string): Record<string, unknown> | undefined {
  const member = (holder as Record<string, unknown>)[name];
  return typeof member === 'object' && member !== null ? (member as Record<string, unknown>) : undefined;
}
