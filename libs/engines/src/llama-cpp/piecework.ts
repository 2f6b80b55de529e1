import { isObject } from '../request-body.js';

/** A request about many texts, each computed by itself. */
export interface Piecework {
  /** Where the texts stand in the request. */
  readonly member: string;
  readonly texts: readonly unknown[];
  /** All else of the request. */
  readonly rest: Readonly<Record<string, unknown>>;
  /** Best results to give; absent = all, in the order of the engine. */
  readonly best?: number;
}

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  '/v1/embeddings': ['input'],
  '/rerank': ['documents', 'texts'],
  '/v1/rerank': ['documents', 'texts'],
};

/** Undefined when the request is about one text, or of a shape that the engine is to judge. */
export function pieceworkOf(
  route: string,
  request: Readonly<Record<string, unknown>>,
): Piecework | undefined {
  const member = MEMBERS[route]?.find((name) => Array.isArray(request[name]));
  if (member === undefined) return undefined;
  const { [member]: texts, top_n: best, ...rest } = request;
  if (!Array.isArray(texts) || texts.length < 2 || texts.some((text) => typeof text === 'number'))
    return undefined;
  const isRanking = member !== 'input';
  if (isRanking && best !== undefined && (typeof best !== 'number' || best < 0)) return undefined;
  return { member, texts, rest, ...(isRanking && typeof best === 'number' && { best }) };
}

export function pieceOf({ member, texts, rest }: Piecework, from: number, end: number): string {
  return JSON.stringify({ ...rest, [member]: texts.slice(from, end) });
}

/** Results in the shape of llama-server: `data`, `results`, or an array of its own. */
type Result = Readonly<Record<string, unknown>>;

/** The answers to all pieces as one. */
export class MergedPieces {
  #first: unknown;
  readonly #results: Result[] = [];
  readonly #usage: Record<string, number> = {};

  /** @param from place of the piece's first text among all. */
  add(answer: unknown, from: number): void {
    this.#first ??= answer;
    for (const result of resultsOf(answer)) {
      this.#results.push({ ...result, index: from + Number(result['index'] ?? 0) });
    }
    const usage = isObject(answer) && isObject(answer['usage']) ? answer['usage'] : {};
    for (const [name, count] of Object.entries(usage)) {
      if (typeof count === 'number') this.#usage[name] = (this.#usage[name] ?? 0) + count;
    }
  }

  /** The best first where the engine ranks. */
  merged(best?: number): unknown {
    const ranked = this.#results.every((result) => scoreOf(result) !== undefined);
    const ordered = ranked
      ? this.#results.toSorted((one, other) => (scoreOf(other) ?? 0) - (scoreOf(one) ?? 0))
      : this.#results;
    const results = ordered.slice(0, best);
    if (!isObject(this.#first)) return results;
    const name = 'data' in this.#first ? 'data' : 'results';
    return { ...this.#first, ...('usage' in this.#first && { usage: this.#usage }), [name]: results };
  }
}

function resultsOf(answer: unknown): Result[] {
  const results = isObject(answer) ? (answer['data'] ?? answer['results']) : answer;
  return Array.isArray(results) ? results.filter((result) => isObject(result)) : [];
}

function scoreOf(result: Result): number | undefined {
  const score = result['relevance_score'] ?? result['score'];
  return typeof score === 'number' ? score : undefined;
}
