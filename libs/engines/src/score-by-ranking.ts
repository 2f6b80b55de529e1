import { randomUUID } from 'node:crypto';
import { isObject, parseObject } from './request-body.js';

/** A request for scores as one for a ranking; or why it cannot be put so. */
export type ScoreRequest = { readonly body: string } | { readonly refuse: string };

const SHAPE =
  "Give 'text_1' as one text and 'text_2' as a text or an array of texts: each of them is scored against 'text_1'.";

/** vLLM's score route, one text against one or many, for engines that only rank: the numbers are the same. */
export function asRerankRequest(request: Readonly<Record<string, unknown>>): ScoreRequest {
  const { text_1: query, text_2: texts, model } = request;
  const documents = Array.isArray(texts) ? (texts as unknown[]) : [texts];
  const isScorable =
    typeof query === 'string' && documents.length > 0 && documents.every((text) => typeof text === 'string');
  if (!isScorable) return { refuse: SHAPE };
  return { body: JSON.stringify({ ...(model !== undefined && { model }), query, documents }) };
}

export interface ScoreIdentity {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

export function newScoreIdentity(): ScoreIdentity {
  return { id: `score-${randomUUID()}`, created: Math.floor(Date.now() / 1_000) };
}

/** vLLM's answer of a ranking. The scores are those the model gives: comparable with each other, of no fixed range. */
export function asScoreAnswer(rerankAnswer: string, { id, created }: ScoreIdentity): string {
  const { model, results, usage } = parseObject(rerankAnswer) ?? {};
  const ranked = Array.isArray(results) ? results.filter((result) => isObject(result)) : [];
  const data = ranked
    .map((result) => ({ index: Number(result['index']), object: 'score', score: result['relevance_score'] }))
    .toSorted((one, other) => one.index - other.index);
  const counts = { completion_tokens: 0, ...(isObject(usage) && usage) };
  return JSON.stringify({ id, object: 'list', created, model, data, usage: counts });
}
