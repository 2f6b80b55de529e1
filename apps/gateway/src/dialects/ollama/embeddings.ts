import { LongshoreError } from '#contracts';
import { readRefusal } from '../../http/engine-refusal.js';
import { jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import { decodeKeepAlive } from './decode-keep-alive.js';
import { decodeOptions, mergedOptions } from './decode-options.js';
import {
  isObject,
  type JsonObject,
  present,
  readCount,
  readFlag,
  readModel,
  readText,
  refuse,
} from './fields.js';
import type { ModelWishes } from './ollama-call.js';

const NS_PER_MS = 1e6;

/** Bytes of an engine's answer that are held at once. */
const LONGEST_ANSWER = 256 * 1024 * 1024;

/** A call of embed, or of the older embeddings. */
export interface EmbeddingCall extends ModelWishes {
  readonly shape: 'embed' | 'embeddings';
  readonly route: '/v1/embeddings';
  /** Absent: nothing is to be embedded, the model is to be loaded or unloaded. */
  readonly body?: JsonObject;
  /** Members of a vector; absent = as many as the model makes. */
  readonly dimensions?: number;
}

/** Body of `POST /api/embed`. @throws LongshoreError that names the field at fault */
export function decodeEmbed(body: JsonObject): EmbeddingCall {
  const input = readInput(body);
  const dimensions = readCount(body, 'dimensions', { least: 0, most: 1_000_000 });
  // In vLLM's words. llama.cpp refuses what is too long.
  const cut = readFlag(body, 'truncate') === false ? undefined : -1;
  const wishes = { ...readWishes(body), shape: 'embed', route: '/v1/embeddings' } as const;
  return {
    ...wishes,
    ...(dimensions !== undefined && dimensions > 0 && { dimensions }),
    ...(input.length > 0 && { body: bodyOf(wishes.model, input, cut) }),
  };
}

/** Body of `POST /api/embeddings`. @throws LongshoreError that names the field at fault */
export function decodeEmbeddings(body: JsonObject): EmbeddingCall {
  const prompt = readText(body, 'prompt') ?? '';
  const wishes = { ...readWishes(body), shape: 'embeddings', route: '/v1/embeddings' } as const;
  return { ...wishes, ...(prompt !== '' && { body: bodyOf(wishes.model, [prompt], -1) }) };
}

/** What is answered when a model was only to be loaded or unloaded. */
export function encodeNoEmbeddings({ shape, model }: EmbeddingCall): JsonObject {
  return shape === 'embed' ? { model, embeddings: [] } : { embedding: [] };
}

/**
 * The engine's vectors as Ollama answers with them.
 * @throws EngineRefusal when the engine refused; LongshoreError `engine_failed` when it answered with anything else
 */
export async function tellEmbeddings(
  answer: StreamedResponse,
  call: EmbeddingCall & { readonly startedAt: number },
  now: () => number,
): Promise<StreamedResponse> {
  if (answer.status !== 200) throw await readRefusal(answer);
  const { vectors, tokens } = readVectors(await readWhole(answer.body));
  const { dimensions, shape, model, startedAt } = call;
  const embeddings =
    dimensions === undefined ? vectors : vectors.map((vector) => shorten(vector, dimensions));
  if (shape === 'embeddings') return jsonResponse({ embedding: embeddings[0] ?? [] }, answer);
  const total_duration = Math.round((now() - startedAt) * NS_PER_MS);
  const told = present({ model, embeddings, total_duration, load_duration: 0, prompt_eval_count: tokens });
  return jsonResponse(told, answer);
}

/** The first members of a vector, brought to length 1 again. */
function shorten(vector: readonly number[], dimensions: number): readonly number[] {
  if (vector.length <= dimensions) return vector;
  const first = vector.slice(0, dimensions);
  const length = Math.sqrt(first.reduce((sum, member) => sum + member * member, 0));
  return length === 0 ? first : first.map((member) => member / length);
}

function readInput({ input }: JsonObject): readonly string[] {
  if (input === undefined || input === null || input === '') return [];
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  const wrong = texts.findIndex((text) => typeof text !== 'string');
  if (wrong >= 0) throw refuse(Array.isArray(input) ? `input[${wrong}]` : 'input', 'must be a string.');
  return texts as readonly string[];
}

function bodyOf(model: string, input: readonly string[], cut: number | undefined): JsonObject {
  return present({ model, input, encoding_format: 'float', truncate_prompt_tokens: cut });
}

function readWishes(body: JsonObject): ModelWishes {
  const keepAlive = decodeKeepAlive(body);
  const { contextSize } = decodeOptions(mergedOptions(body, undefined));
  return {
    model: readModel(body),
    ...(keepAlive !== undefined && { keepAlive }),
    ...(contextSize !== undefined && { contextSize }),
  };
}

async function readWhole(body: AsyncIterable<Buffer>): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.length;
    if (length > LONGEST_ANSWER)
      throw new LongshoreError('engine_failed', 'The vectors are too many for one answer; send fewer texts.');
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}

function readVectors(data: unknown): {
  readonly vectors: readonly (readonly number[])[];
  readonly tokens: number | undefined;
} {
  const entries = isObject(data) && Array.isArray(data['data']) ? data['data'].filter(isObject) : undefined;
  if (entries === undefined)
    throw new LongshoreError('engine_failed', 'The engine answered with no list of embeddings.');
  const vectors = entries
    .toSorted((a, b) => Number(a['index'] ?? 0) - Number(b['index'] ?? 0))
    .map(({ embedding }) => embedding as readonly number[]);
  const usage = isObject(data) && isObject(data['usage']) ? data['usage'] : {};
  const tokens = usage['prompt_tokens'];
  return { vectors, tokens: typeof tokens === 'number' ? tokens : undefined };
}
