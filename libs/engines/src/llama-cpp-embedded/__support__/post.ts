import { callEngine } from '../../engine-client.js';
import type { EngineSession } from '../../engine.js';

/** What the specs read of an answer; which members are there depends on the route. */
export interface PostedAnswer {
  readonly error?: { readonly code: number; readonly message: string; readonly type: string };
  readonly model?: string;
  readonly choices?: readonly Choice[];
  readonly data?: readonly { readonly embedding: unknown; readonly index: number }[];
  readonly usage?: { readonly prompt_tokens: number };
}

interface Choice {
  readonly text?: string;
  readonly finish_reason: string;
  readonly message?: { readonly content: string | null; readonly tool_calls?: readonly unknown[] };
}

/** Sends JSON, or a string as it is, and reads the whole answer. */
export async function post(
  session: EngineSession,
  route: string,
  body: object | string,
): Promise<{ status: number; answer: PostedAnswer }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { signal } = new AbortController();
  const response = await callEngine(session.endpoint, { route, body: text, signal });
  const answer = (await response.body.setEncoding('utf8').toArray()).join('');
  return { status: response.status, answer: JSON.parse(answer) as PostedAnswer };
}
