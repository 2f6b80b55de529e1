import { setTimeout as pause } from 'node:timers/promises';
import { pullModelThrough, type PublishedModel, requestJson } from '#testing';

/** One pull, repeated through the other gateway until it ends well. */
export interface PullOutcome {
  readonly reference: string;
  readonly attempts: number;
  /** Why it never ended well, or what it brought instead. */
  readonly problem?: string;
}

const WITHIN_MS = 90_000;
const PAUSE_MS = 500;

export async function pullPatiently(
  gateways: readonly string[],
  model: PublishedModel,
): Promise<PullOutcome> {
  const { reference, id } = model;
  const deadline = performance.now() + WITHIN_MS;
  let problem = '';
  for (let attempts = 1; ; attempts++) {
    try {
      const url = gateways[attempts % gateways.length] ?? '';
      const { status, text, lines } = await pullModelThrough(url, reference);
      if (lines.at(-1)?.type === 'success')
        return { reference, attempts, ...(await checkId(url, model, id)) };
      problem = `status ${status}: ${text.slice(-300)}`;
    } catch (error) {
      problem = (error as Error).message;
    }
    if (performance.now() > deadline) return { reference, attempts, problem };
    await pause(PAUSE_MS);
  }
}

/** What was pulled is what was published. */
async function checkId(
  url: string,
  { reference }: PublishedModel,
  id: string,
): Promise<{ problem?: string }> {
  const { status, json } = await requestJson({ url: `${url}/models/${reference}` });
  const found = (json as { readonly id?: string }).id;
  return status === 200 && found === id ? {} : { problem: `it is listed as ${found}, with status ${status}` };
}
