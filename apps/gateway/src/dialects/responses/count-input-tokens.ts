import { ChatCollector } from '../../chat/chat-collector.js';
import { openChat } from '../../chat/open-chat.js';
import { EngineRefusal } from '../../http/engine-refusal.js';
import { jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import type { ResponsesRequest } from './decode-request.js';

/** The same request, made to say no more than one token: what engines count is the prompt they have really read. */
export function asCount(request: ResponsesRequest): ResponsesRequest {
  const parameters = { ...request.parameters, max_tokens: 1 };
  return { ...request, stream: false, background: false, store: false, parameters };
}

const BAD_ANSWER = 502;

/** @throws EngineRefusal when the engine does not take the prompt, or does not count */
export async function answerCount(chat: StreamedResponse): Promise<StreamedResponse> {
  const collector = new ChatCollector();
  for await (const chunks of await openChat(chat)) for (const chunk of chunks) collector.take(chunk);
  const tokens = collector.chat.usage?.prompt_tokens;
  if (tokens === undefined) throw new EngineRefusal(BAD_ANSWER, 'The engine did not count its tokens.');
  return jsonResponse({ object: 'response.input_tokens', input_tokens: tokens }, chat);
}
