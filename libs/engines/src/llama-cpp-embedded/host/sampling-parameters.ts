import { excessiveSampling } from '../../excessive-sampling.js';
import { isListOf, isObject, isString, readNumber, readStrings, show, type JsonObject } from './fields.js';
import { badRequest } from './request-error.js';

/** A change of a token's logit; `Number.NEGATIVE_INFINITY` bars it. A text stands for all tokens it is made of. */
export interface LogitBias {
  readonly of: number | string;
  readonly bias: number;
}

/** How the next token is drawn. All values have llama-server's meaning and its defaults. */
export interface SamplingParameters {
  /** 0 takes the most probable token. */
  readonly temperature: number;
  /** 0 keeps all tokens. */
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  /** Undefined asks for another one each time. */
  readonly seed: number | undefined;
  readonly repeatPenalty: number;
  /** How many tokens back the penalties look; -1 for all. */
  readonly repeatLastTokens: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** Undefined when switched off. */
  readonly dry: DryParameters | undefined;
  readonly xtc: { readonly probability: number; readonly threshold: number } | undefined;
  readonly logitBias: readonly LogitBias[];
}

export interface DryParameters {
  readonly strength: number;
  readonly base: number;
  readonly allowedLength: number;
  /** Null looks at everything. */
  readonly lastTokens: number | null;
  readonly sequenceBreakers: readonly string[];
}

const RANDOM_SEED = 0xffffffff;

/** @throws RequestError that names the field at fault. */
export function decodeSampling(body: JsonObject): SamplingParameters {
  const excessive = excessiveSampling(body);
  if (excessive !== undefined) throw badRequest(excessive);
  return {
    temperature: Math.max(0, readNumber(body, 'temperature') ?? 0.8),
    topK: Math.max(0, readNumber(body, 'top_k', { whole: true }) ?? 40),
    topP: readNumber(body, 'top_p', { least: 0, most: 1 }) ?? 0.95,
    minP: readNumber(body, 'min_p', { least: 0, most: 1 }) ?? 0.05,
    seed: readSeed(body),
    repeatPenalty: readNumber(body, 'repeat_penalty', { least: 0 }) ?? 1,
    repeatLastTokens: readNumber(body, 'repeat_last_n', { least: -1, whole: true }) ?? 64,
    frequencyPenalty: readNumber(body, 'frequency_penalty') ?? 0,
    presencePenalty: readNumber(body, 'presence_penalty') ?? 0,
    dry: readDry(body),
    xtc: readXtc(body),
    logitBias: readLogitBias(body['logit_bias'] ?? undefined),
  };
}

/** The tokens that repetition penalties look at, given everything so far. */
export function penalisedTokens(tokens: readonly number[], lastTokens: number): readonly number[] {
  if (lastTokens === 0) return [];
  return lastTokens < 0 ? tokens : tokens.slice(-lastTokens);
}

function readSeed(body: JsonObject): number | undefined {
  const seed = readNumber(body, 'seed', { least: -1, most: RANDOM_SEED, whole: true });
  return seed === undefined || seed === -1 || seed === RANDOM_SEED ? undefined : seed;
}

function readDry(body: JsonObject): DryParameters | undefined {
  const strength = readNumber(body, 'dry_multiplier', { least: 0 }) ?? 0;
  const lastTokens = readNumber(body, 'dry_penalty_last_n', { least: -1, whole: true }) ?? -1;
  const dry: DryParameters = {
    strength,
    base: readNumber(body, 'dry_base', { least: 1 }) ?? 1.75,
    allowedLength: readNumber(body, 'dry_allowed_length', { least: 1, whole: true }) ?? 2,
    lastTokens: lastTokens === -1 ? null : lastTokens,
    sequenceBreakers: readStrings(body, 'dry_sequence_breakers') ?? ['\n', ':', '"', '*'],
  };
  return strength === 0 || lastTokens === 0 ? undefined : dry;
}

function readXtc(body: JsonObject): SamplingParameters['xtc'] {
  const probability = readNumber(body, 'xtc_probability', { least: 0, most: 1 }) ?? 0;
  const threshold = readNumber(body, 'xtc_threshold', { least: 0, most: 1 }) ?? 0.1;
  return probability === 0 ? undefined : { probability, threshold };
}

/** `{"<token id or text>": bias}` as in OpenAI's API, or `[[token id or text, bias or false], …]`. */
function readLogitBias(value: unknown): readonly LogitBias[] {
  if (value === undefined) return [];
  const entries: unknown = isObject(value)
    ? Object.entries(value).map(([key, bias]) => [/^\d+$/.test(key) ? Number(key) : key, bias])
    : value;
  if (isListOf(entries, isBiasPair))
    return entries.map(([of, bias]) => ({ of, bias: bias === false ? Number.NEGATIVE_INFINITY : bias }));
  throw badRequest(`'logit_bias' must map token ids to numbers, but is ${show(value)}.`);
}

function isBiasPair(entry: unknown): entry is [number | string, number | false] {
  if (!Array.isArray(entry) || entry.length !== 2) return false;
  const [of, bias]: unknown[] = entry;
  return (Number.isInteger(of) || isString(of)) && (typeof bias === 'number' || bias === false);
}
