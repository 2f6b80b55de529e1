import { parseArgs } from 'node:util';
import type { JsonObject } from './fields.js';

/** What the host is told on its command line. */
export interface HostOptions {
  /** GGUF file. */
  readonly model: string;
  /** Unix socket to answer on; must not exist yet. */
  readonly socket: string;
  /** What answers carry as `model`. */
  readonly alias: string;
  readonly mode: HostMode;
  /** Tokens per slot; undefined for the model's own limit. */
  readonly contextSize: number | undefined;
  readonly slots: number;
  readonly threads: number;
  readonly gpu: GpuChoice;
  /** Jinja file that replaces the model's own template. */
  readonly chatTemplateFile: string | undefined;
  /** Tokens computed in one step. */
  readonly batchSize: number;
  /** Undefined for as many as fit. */
  readonly gpuLayers: number | undefined;
  readonly mmap: boolean;
  readonly mlock: boolean;
  /** False tells the chat template not to let the model reason. */
  readonly reasoning: boolean;
  /** Fields of requests for completions that do not say otherwise. */
  readonly defaults: JsonObject;
}

export type HostMode = 'completion' | 'embedding' | 'reranking';

const MODES: readonly string[] = ['completion', 'embedding', 'reranking'] satisfies HostMode[];

/** More costs memory and makes others wait. */
const BATCH_SIZE = 512;

export type GpuChoice = 'auto' | 'off' | 'cuda' | 'vulkan' | 'metal';

const GPU_CHOICES: readonly string[] = ['auto', 'off', 'cuda', 'vulkan', 'metal'] satisfies GpuChoice[];

/** Flags that stand for a field of requests, which is a number. */
const FIELDS = {
  temperature: 'temperature',
  'top-k': 'top_k',
  'top-p': 'top_p',
  'min-p': 'min_p',
  seed: 'seed',
  'repeat-penalty': 'repeat_penalty',
  'repeat-last-n': 'repeat_last_n',
  'presence-penalty': 'presence_penalty',
  'frequency-penalty': 'frequency_penalty',
  'n-predict': 'n_predict',
} as const;

const USAGE = `Usage: --model FILE --socket PATH [--alias NAME] [--mode ${MODES.join('|')}]
  [--context-size TOKENS] [--slots N] [--threads N] [--gpu ${GPU_CHOICES.join('|')}] [--chat-template-file FILE]
  [--batch-size TOKENS] [--gpu-layers N] [--mmap on|off] [--mlock on|off] [--reasoning-budget -1|0]
  ${Object.keys(FIELDS)
    .map((name) => `[--${name} X]`)
    .join(' ')}
or: --version`;

/** @throws Error with a sentence that names the flag at fault, and the flags there are. */
export function parseHostOptions(args: readonly string[]): HostOptions | 'version' {
  try {
    return readFlags(args);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, { cause: error });
  }
}

function readFlags(args: readonly string[]): HostOptions | 'version' {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      version: { type: 'boolean' },
      model: string,
      socket: string,
      alias: string,
      mode: { ...string, default: 'completion' },
      'context-size': string,
      slots: string,
      threads: string,
      gpu: { ...string, default: 'auto' },
      'chat-template-file': string,
      'batch-size': string,
      'gpu-layers': string,
      mmap: { ...string, default: 'on' },
      mlock: { ...string, default: 'off' },
      'reasoning-budget': { ...string, default: '-1' },
      temperature: string,
      'top-k': string,
      'top-p': string,
      'min-p': string,
      seed: string,
      'repeat-penalty': string,
      'repeat-last-n': string,
      'presence-penalty': string,
      'frequency-penalty': string,
      'n-predict': string,
    },
  });
  if (values.version === true) return 'version';
  if (values.model === undefined) throw new Error('--model is missing.');
  if (values.socket === undefined) throw new Error('--socket is missing.');
  if (!isMode(values.mode))
    throw new Error(`--mode must be one of ${MODES.join(', ')}, but is ${values.mode}.`);
  if (!isGpuChoice(values.gpu))
    throw new Error(`--gpu must be one of ${GPU_CHOICES.join(', ')}, but is ${values.gpu}.`);
  return {
    model: values.model,
    socket: values.socket,
    alias: values.alias ?? values.model,
    mode: values.mode,
    contextSize: readCount('--context-size', values['context-size']),
    slots: readCount('--slots', values.slots) ?? 1,
    threads: readCount('--threads', values.threads) ?? 1,
    gpu: values.gpu,
    chatTemplateFile: values['chat-template-file'],
    batchSize: readCount('--batch-size', values['batch-size']) ?? BATCH_SIZE,
    gpuLayers: values['gpu-layers'] === undefined ? undefined : Number(values['gpu-layers']),
    mmap: values.mmap === 'on',
    mlock: values.mlock === 'on',
    reasoning: values['reasoning-budget'] !== '0',
    defaults: readDefaults(values),
  };
}

function readDefaults(values: Readonly<Record<string, unknown>>): JsonObject {
  const given = Object.entries(FIELDS).filter(([flag]) => values[flag] !== undefined);
  return Object.fromEntries(given.map(([flag, field]) => [field, readAnyNumber(`--${flag}`, values[flag])]));
}

function readAnyNumber(flag: string, value: unknown): number {
  const number = Number(value);
  if (value !== '' && Number.isFinite(number)) return number;
  throw new Error(`${flag} must be a number, but is ${String(value)}.`);
}

function isMode(value: string): value is HostMode {
  return MODES.includes(value);
}

function isGpuChoice(value: string): value is GpuChoice {
  return GPU_CHOICES.includes(value);
}

function readCount(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new Error(`${flag} must be a whole number of at least 1, but is ${value}.`);
}
