import type { ResponsesRequest } from './decode-request.js';
import type { Item } from './fields.js';

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'failed' | 'incomplete' | 'cancelled';

/** Token counts as the Responses API names them. */
export interface ResponseUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

/** The members of a response object that change while it is made. */
export interface ResponseProgress {
  readonly status: ResponseStatus;
  readonly output: readonly Item[];
  readonly usage?: ResponseUsage;
  readonly error?: { readonly code: string; readonly message: string };
  readonly incompleteReason?: 'max_output_tokens' | 'content_filter';
  /** Seconds since the epoch. */
  readonly completedAt?: number;
}

/** The members of a response object that stand when it is created. */
export interface ResponseOrigin {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly request: ResponsesRequest;
}

/** The response object of the OpenAI Responses API. */
export function encodeResponse(origin: ResponseOrigin, progress: ResponseProgress): Record<string, unknown> {
  const { id, createdAt, request } = origin;
  const { status, output, usage, error, incompleteReason, completedAt } = progress;
  return {
    id,
    object: 'response',
    created_at: createdAt,
    completed_at: completedAt ?? null,
    status,
    background: request.background,
    error: error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    model: request.model,
    output,
    output_text: outputText(output),
    usage: usage ?? null,
    previous_response_id: request.previousResponseId ?? null,
    store: request.store,
    ...request.echoed,
  };
}

/** What the SDKs offer as `output_text`: the text parts of all messages, one after the other. */
function outputText(output: readonly Item[]): string {
  return output
    .filter((item) => item['type'] === 'message')
    .flatMap((item) => item['content'] as readonly Item[])
    .map((part) => (part['type'] === 'output_text' ? String(part['text']) : ''))
    .join('');
}
