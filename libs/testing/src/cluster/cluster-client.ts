import type { ProgressLine } from '#contracts';
import { openRequest, type OpenResponse } from '../http.js';
import { type AssembledChat, assembleChat, parseSse } from '../sse.js';

export interface PullAnswer {
  readonly status: number;
  /** The progress stream, when there is one. */
  readonly lines: readonly ProgressLine[];
  /** All of the body. */
  readonly text: string;
}

/** Pulls a model through a gateway and reads the progress to its end. */
export async function pullModelThrough(url: string, reference: string): Promise<PullAnswer> {
  const response = await openRequest({ url: `${url}/models/create`, body: { from: reference } });
  const text = (await response.whole()).toString('utf8');
  const lines = response.status === 200 ? text.trimEnd().split('\n') : [];
  return { status: response.status, text, lines: lines.map((line) => JSON.parse(line) as ProgressLine) };
}

export interface ChatRequest {
  readonly model: string;
  /** The last user message. */
  readonly prompt: string;
  /** Before `/chat/completions`; `/v1` unless told. */
  readonly prefix?: string;
  /** Further members of the body. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Begins a streamed chat; returns when its head is there. */
export function openChat(url: string, request: ChatRequest): Promise<OpenResponse> {
  return openRequest({
    url: `${url}${request.prefix ?? '/v1'}/chat/completions`,
    body: { ...bodyOf(request), stream: true },
    ...(request.headers === undefined ? {} : { headers: request.headers }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
}

export interface StreamedChat extends AssembledChat {
  /** Who answered. */
  readonly workerId: string;
}

/** @throws Error that shows the answer when it is not a whole stream with status 200 */
export async function streamChat(url: string, request: ChatRequest): Promise<StreamedChat> {
  const response = await openChat(url, request);
  const bytes = await response.whole();
  if (response.status !== 200)
    throw new Error(`The answer has status ${response.status}: ${bytes.toString()}`);
  return {
    ...assembleChat(parseSse(bytes)),
    workerId: String(response.headers['x-longshore-worker'] ?? ''),
  };
}

export interface ChatAnswer {
  readonly status: number;
  readonly workerId: string;
  /** The text of choice 0; empty when the answer has none. */
  readonly text: string;
  readonly json: unknown;
}

/** A chat that is not streamed. */
export async function askChat(url: string, request: ChatRequest): Promise<ChatAnswer> {
  const response = await openRequest({
    url: `${url}${request.prefix ?? '/v1'}/chat/completions`,
    body: bodyOf(request),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  const json = JSON.parse((await response.whole()).toString('utf8')) as {
    readonly choices?: readonly { readonly message: { readonly content: string | null } }[];
  };
  return {
    status: response.status,
    workerId: String(response.headers['x-longshore-worker'] ?? ''),
    text: json.choices?.[0]?.message.content ?? '',
    json,
  };
}

function bodyOf({ model, prompt, parameters }: ChatRequest): object {
  return { model, messages: [{ role: 'user', content: prompt }], ...parameters };
}
