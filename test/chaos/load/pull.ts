import { setTimeout as pause } from 'node:timers/promises';
import type { PublishedModel } from '#testing';
import { readText, send } from '../client/send.js';

/** One pull, repeated through the other gateway until it ends well. */
export interface PullOutcome {
  readonly reference: string;
  readonly attempts: number;
  /** Why it never ended well, or what it brought instead. */
  readonly problem?: string;
}

/** A model that is small is there by then, whatever is broken meanwhile. */
const WITHIN_MS = 75_000;
/** The same, once nothing is broken any more. */
const AT_LAST_WITHIN_MS = 15_000;
const PAUSE_MS = 500;

/** @param over aborts when nothing is broken any more */
export async function pullPatiently(
  gateways: readonly string[],
  model: PublishedModel,
  over: AbortSignal,
): Promise<PullOutcome> {
  const { reference } = model;
  const late = new AbortController();
  const giveUp = (): void => late.abort();
  const timers = [setTimeout(giveUp, WITHIN_MS)];
  const hurry = (): void => void timers.push(setTimeout(giveUp, AT_LAST_WITHIN_MS));
  over.addEventListener('abort', hurry);
  try {
    for (let attempts = 1; ; attempts++) {
      const url = gateways[attempts % gateways.length] ?? '';
      const problem = await pullOnce(url, model, late.signal);
      if (problem === undefined) return { reference, attempts };
      if (late.signal.aborted) return { reference, attempts, problem };
      await pause(PAUSE_MS);
    }
  } finally {
    for (const timer of timers) clearTimeout(timer);
    over.removeEventListener('abort', hurry);
  }
}

/** @returns what went wrong */
async function pullOnce(
  url: string,
  { reference, id }: PublishedModel,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const pulled = await send({ url: `${url}/models/create`, body: { from: reference }, signal });
    const text = await readText(pulled);
    const [last = ''] = text.trimEnd().split('\n').slice(-1);
    if (pulled.statusCode !== 200 || !last.includes('"type":"success"'))
      return `status ${pulled.statusCode}: ${text.slice(-300)}`;
    // What was pulled is what was published.
    const listed = await readText(await send({ url: `${url}/models/${reference}`, signal }));
    return listed.includes(id) ? undefined : `it is listed as ${listed.slice(0, 300)}`;
  } catch (error) {
    return signal.aborted ? 'it did not end' : (error as Error).message;
  }
}
