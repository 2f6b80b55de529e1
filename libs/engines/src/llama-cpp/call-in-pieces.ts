import type { Endpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { jsonResponse } from '../json-response.js';
import { MergedPieces, pieceOf, type Piecework } from './piecework.js';

/** Texts of the first piece; about as many as a session has slots. */
const FIRST_PIECE = 4;
const LARGEST_PIECE = 256;

/** A piece that is done sooner is followed by a larger one; ms. */
const SHORT_MS = 50;
/** One that takes longer, by a smaller one: so long a caller who hung up may still hold the engine; ms. */
const LONG_MS = 200;

/**
 * Asks llama-server about many texts a few at a time: it does not notice, while it embeds or ranks, that its caller has
 * hung up, and would go through all of them. A refusal of any piece is the answer.
 */
export async function callInPieces(
  endpoint: Endpoint,
  call: EngineCall,
  work: Piecework,
): Promise<EngineResponse> {
  const merged = new MergedPieces();
  let headers: EngineResponse['headers'] = {};
  let size = FIRST_PIECE;
  for (let from = 0; from < work.texts.length;) {
    const end = Math.min(from + size, work.texts.length);
    const began = performance.now();
    const response = await callEngine(endpoint, { ...call, body: pieceOf(work, from, end) });
    if (response.status !== 200) return response;
    merged.add(JSON.parse(await textOf(response)), from);
    ({ headers } = response);
    size = nextSize(size, performance.now() - began);
    from = end;
  }
  return jsonResponse(200, JSON.stringify(merged.merged(work.best)), headers);
}

/** Texts of the piece after one of `size` that took so long. */
export function nextSize(size: number, tookMs: number): number {
  if (tookMs < SHORT_MS) return Math.min(size * 2, LARGEST_PIECE);
  return tookMs > LONG_MS ? Math.max(1, Math.floor(size / 2)) : size;
}

async function textOf({ body }: EngineResponse): Promise<string> {
  return (await body.setEncoding('utf8').toArray()).join('');
}
