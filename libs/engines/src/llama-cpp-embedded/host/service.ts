import type { JsonObject } from './fields.js';

/** What a route answers: one object, or a stream of them. The head is written once the first chunk is there. */
export type Answer =
  | { readonly kind: 'whole'; readonly body: object }
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<object> };

/** @throws RequestError for what it refuses, or the signal's reason once the caller is gone. */
export type Handler = (body: JsonObject, signal: AbortSignal) => Promise<Answer>;

/** Handlers by method and path, such as `POST /v1/chat/completions`. */
export type Service = ReadonlyMap<string, Handler>;
