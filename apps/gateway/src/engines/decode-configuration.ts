import { checkOverrides, MODES, type Mode, splitShellWords, UnfinishedWords } from '#contracts';
import {
  decodeObject,
  invalidRequest,
  type JsonObject,
  type NumberRule,
  readNumber,
  readObject,
  readString,
  readStrings,
} from './decode-body.js';
import { parseGoDuration } from './go-duration.js';

/** What a caller wants of a model, before it is known which engine runs it. */
export interface ConfigurationRequest {
  /** As the caller wrote it. */
  readonly model: string;
  readonly mode: Mode;
  readonly contextSize?: number;
  readonly flags?: readonly string[];
  /** ms; -1 = for ever. */
  readonly keepAlive?: number;
  readonly speculative?: {
    /** As the caller wrote it. */
    readonly draftModel: string;
    readonly tokens?: number;
    readonly minimumAcceptance?: number;
  };
  readonly reasoningBudget?: number;
  readonly gpuMemoryUtilization?: number;
  readonly hfOverrides?: JsonObject;
}

const MEMBERS = [
  'model',
  'mode',
  'context-size',
  'runtime-flags',
  'raw-runtime-flags',
  'speculative',
  'keep_alive',
  'vllm',
  'llamacpp',
];
const SPECULATIVE_MEMBERS = ['draft_model', 'num_tokens', 'min_acceptance_rate'];
const VLLM_MEMBERS = ['hf-overrides', 'gpu-memory-utilization'];
const LLAMA_MEMBERS = ['reasoning-budget'];

const LARGEST = 2 ** 31 - 1;
const LONGEST_NAME = 1_024;

const CONTEXT: NumberRule = {
  holds: (value) => Number.isInteger(value) && (value === -1 || (value > 0 && value <= LARGEST)),
  words: 'a number of tokens above 0, or -1 for as many as the model can',
};
const COUNT: NumberRule = {
  holds: (value) => Number.isInteger(value) && value > 0 && value <= 1_024,
  words: 'a whole number from 1 to 1024',
};
const RATE: NumberRule = { holds: (value) => value >= 0 && value <= 1, words: 'a number from 0 to 1' };
const SHARE: NumberRule = {
  holds: (value) => value > 0 && value <= 1,
  words: 'a number above 0, to 1',
};
const BUDGET: NumberRule = {
  holds: (value) => Number.isInteger(value) && value >= -1 && value <= LARGEST,
  words: 'a number of tokens, or -1 for any',
};

/** Flags that say what a model is run for, where `mode` does not. */
const MODE_FLAGS: Readonly<Record<string, Mode>> = {
  '--embedding': 'embedding',
  '--embeddings': 'embedding',
  '--rerank': 'reranking',
  '--reranking': 'reranking',
};

/** Body of `POST /engines/_configure`. @throws RouteFailure 400 that says what is wrong with it. */
export function decodeConfiguration(body: unknown): ConfigurationRequest {
  const object = decodeObject(body);
  refuseMisspelt(object, MEMBERS);
  const model = readString(object, 'model');
  if (model === undefined) throw invalidRequest('model is required');
  if (model.length > LONGEST_NAME) throw invalidRequest('"model" is too long.');
  const flags = readFlags(object);
  return defined<ConfigurationRequest>({
    model,
    mode: readMode(object, flags),
    contextSize: orAbsent(object, 'context-size', CONTEXT),
    flags: flags.length > 0 ? flags : undefined,
    keepAlive: readKeepAlive(object),
    speculative: readSpeculative(object),
    ...readEngineMembers(object),
  });
}

function readMode(object: JsonObject, flags: readonly string[]): Mode {
  const text = readString(object, 'mode');
  if (text === undefined) {
    const told = flags.find((flag) => Object.hasOwn(MODE_FLAGS, flag));
    return told === undefined ? 'completion' : (MODE_FLAGS[told] ?? 'completion');
  }
  const mode = MODES.find((known) => known === text);
  if (mode === undefined) throw invalidRequest(`"mode" must be one of ${MODES.join(', ')}.`);
  return mode;
}

function readFlags(object: JsonObject): readonly string[] {
  const flags = readStrings(object, 'runtime-flags') ?? [];
  const raw = readString(object, 'raw-runtime-flags') ?? '';
  if (flags.length > 0) return flags;
  try {
    return splitShellWords(raw);
  } catch (error) {
    if (!(error instanceof UnfinishedWords)) throw error;
    throw invalidRequest(`"raw-runtime-flags" cannot be read: ${error.message}`);
  }
}

function readKeepAlive(object: JsonObject): number | undefined {
  const text = readString(object, 'keep_alive');
  if (text === undefined) return undefined;
  // The Model Runner's own word for ever, which is no duration.
  const ms = text === '-1' ? -1 : parseGoDuration(text);
  if (ms === undefined)
    throw invalidRequest('"keep_alive" must be a duration such as 10m or 1h30m, 0, or -1 for ever.');
  return ms < 0 ? -1 : Math.min(Math.round(ms), Number.MAX_SAFE_INTEGER);
}

function readSpeculative(object: JsonObject): ConfigurationRequest['speculative'] {
  const speculative = readObject(object, 'speculative');
  if (speculative === undefined) return undefined;
  refuseMisspelt(speculative, SPECULATIVE_MEMBERS);
  const draftModel = readString(speculative, 'draft_model');
  if (draftModel === undefined) {
    // Clients send the object empty when nothing of it was asked for.
    if (Object.keys(speculative).length === 0) return undefined;
    throw invalidRequest('"speculative" needs a "draft_model".');
  }
  return defined({
    draftModel,
    tokens: orAbsent(speculative, 'num_tokens', COUNT),
    minimumAcceptance: orAbsent(speculative, 'min_acceptance_rate', RATE),
  });
}

function readEngineMembers(object: JsonObject): Partial<ConfigurationRequest> {
  const vllm = readObject(object, 'vllm') ?? {};
  const llama = readObject(object, 'llamacpp') ?? {};
  refuseMisspelt(vllm, VLLM_MEMBERS);
  refuseMisspelt(llama, LLAMA_MEMBERS);
  const hfOverrides = readObject(vllm, 'hf-overrides');
  const problem = hfOverrides === undefined ? undefined : checkOverrides(hfOverrides);
  if (problem !== undefined) throw invalidRequest(problem);
  return defined({
    hfOverrides,
    gpuMemoryUtilization: readNumber(vllm, 'gpu-memory-utilization', SHARE),
    reasoningBudget: readNumber(llama, 'reasoning-budget', BUDGET),
  });
}

/** Of the context and the speculative members 0 means that nothing is asked for. */
function orAbsent(object: JsonObject, name: string, rule: NumberRule): number | undefined {
  return object[name] === 0 ? undefined : readNumber(object, name, rule);
}

/** Members with a hyphen for an underscore, or the other way round, are mistakes; other unknown ones are news. */
function refuseMisspelt(object: JsonObject, members: readonly string[]): void {
  for (const name of Object.keys(object)) {
    if (members.includes(name)) continue;
    const plain = name.toLowerCase().replaceAll(/[-_]/g, '');
    const meant = members.find((member) => member.replaceAll(/[-_]/g, '') === plain);
    if (meant !== undefined) throw invalidRequest(`"${name}" is spelt "${meant}".`);
  }
}

type Loose<T> = { [Key in keyof T]: T[Key] | undefined };

/** Leaves out members that are undefined. */
function defined<T extends object>(members: Loose<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
