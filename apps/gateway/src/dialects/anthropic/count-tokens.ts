import type { EngineRoute } from '#contracts';
import type { ChatUsage } from '../../chat/chat-chunk.js';
import { EngineRefusal, readRefusal } from '../../http/engine-refusal.js';
import { jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import { isObject } from './fields.js';

/** Counts what a chat completion would read, without answering it. */
export const COUNT_ROUTE: EngineRoute = '/v1/chat/completions/input_tokens';

/** Statuses of an engine that has no such route. */
const NO_SUCH_ROUTE = new Set([404, 405, 501]);
const NO_ROUTE = 404;

const BAD_ANSWER = 502;

/** The engine cannot count tokens without answering. */
export class CountingUnknown extends EngineRefusal {}

/** @throws CountingUnknown, EngineRefusal */
export async function readCount(answer: StreamedResponse): Promise<StreamedResponse> {
  if (NO_SUCH_ROUTE.has(answer.status)) {
    throw new CountingUnknown(NO_ROUTE, (await readRefusal(answer)).body);
  }
  return tellCount(answer, (data) => data['input_tokens']);
}

/** The same of a chat completion. @throws EngineRefusal */
export function readUsage(answer: StreamedResponse): Promise<StreamedResponse> {
  return tellCount(answer, ({ usage }) => (isObject(usage) ? (usage as ChatUsage).prompt_tokens : undefined));
}

async function tellCount(
  answer: StreamedResponse,
  find: (data: Readonly<Record<string, unknown>>) => unknown,
): Promise<StreamedResponse> {
  const { status, body } = answer;
  if (status !== 200) throw await readRefusal(answer);
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  const text = Buffer.concat(parts).toString();
  const count = find(parseObject(text));
  if (!Number.isInteger(count)) throw new EngineRefusal(BAD_ANSWER, text);
  return jsonResponse({ input_tokens: count }, answer);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(text);
    return isObject(data) ? data : {};
  } catch {
    return {};
  }
}
