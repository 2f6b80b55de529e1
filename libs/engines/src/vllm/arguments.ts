import { EngineStartError, type SessionSpec } from '../engine.js';
import type { LocalEndpoint } from '../endpoint.js';
import type { ModelFolder } from './model-folder.js';
import { chooseParsers } from './parsers.js';
import type { VllmProbe } from './probe.js';

/** Tokens a draft model proposes at once when nobody says how many. */
const DRAFT_TOKENS = 5;

/** The cache of keys and values is at least this large, for models that need hardly any; bytes. */
const SMALLEST_CACHE = 64 * 1024 * 1024;

/** What a session asks of vLLM's command line beyond the spec. */
export interface ArgumentOptions {
  readonly endpoint: LocalEndpoint;
  readonly folder: ModelFolder;
  readonly probe: Pick<VllmProbe, 'knownFlags' | 'toolCallParsers' | 'processorOnly'>;
}

/**
 * The command line of vLLM for a session. The flags of the model's configuration come last, so that they win.
 * @throws EngineStartError when the session asks for something that this vLLM cannot do
 */
export function vllmArguments(spec: SessionSpec, options: ArgumentOptions): string[] {
  const { knownFlags } = options.probe;
  const flags = spec.settings?.flags ?? [];
  refuseUnknown(flags, knownFlags);
  const wished = [
    ...OPTIONAL_ALWAYS,
    ...modeWishes(spec),
    ...parserWishes(spec, options),
    ...cacheWishes(spec, options),
  ];
  return [
    'serve',
    options.folder.path,
    ...listenArguments(options.endpoint),
    '--served-model-name',
    spec.servedName,
    // Weights in other formats can hold programs.
    '--load-format',
    'safetensors',
    '--max-num-seqs',
    String(spec.slots),
    ...contextArguments(spec, options.folder),
    ...settingsArguments(spec),
    ...wished.flatMap((wish) => wish.find(([flag]) => flag !== undefined && knownFlags.has(flag)) ?? []),
    ...flags,
  ];
}

/** Spellings of one wish, newest first; a flag with a value is an array of two. */
type Wish = readonly (readonly string[])[];

const OPTIONAL_ALWAYS: readonly Wish[] = [
  // A line for every request would bury what matters.
  [['--disable-uvicorn-access-log']],
  [['--no-enable-log-requests'], ['--disable-log-requests']],
  [['--enable-prompt-tokens-details']],
];

function listenArguments(endpoint: LocalEndpoint): string[] {
  if ('socketPath' in endpoint) return ['--uds', endpoint.socketPath];
  return ['--host', endpoint.host, '--port', String(endpoint.port)];
}

/** A context beyond what the model was made for is refused by vLLM, so the model's own limit holds then. */
function contextArguments({ contextSize }: SessionSpec, { positions }: ModelFolder): string[] {
  if (contextSize === undefined || (positions !== undefined && contextSize >= positions)) return [];
  return ['--max-model-len', String(contextSize)];
}

function modeWishes({ mode }: SessionSpec): Wish[] {
  if (mode === 'completion') return [];
  return [
    [
      ['--runner', 'pooling'],
      ['--task', mode === 'embedding' ? 'embed' : 'score'],
    ],
  ];
}

function parserWishes(spec: SessionSpec, { folder, probe }: ArgumentOptions): Wish[] {
  if (spec.mode !== 'completion') return [];
  const { toolCall, reasoning } = chooseParsers(folder, probe.toolCallParsers);
  const wishes: Wish[] = [];
  if (toolCall !== undefined && !isGiven(spec, '--tool-call-parser')) {
    wishes.push([['--enable-auto-tool-choice']], [['--tool-call-parser', toolCall]]);
  }
  if (reasoning !== undefined && !isGiven(spec, '--reasoning-parser')) {
    wishes.push([['--reasoning-parser', reasoning]]);
  }
  return wishes;
}

/**
 * On a processor vLLM would take nearly all memory of the machine for its cache, and not start where others use some.
 * So there it gets what its slots need. On an accelerator the share of its memory is the rule.
 */
function cacheWishes(spec: SessionSpec, { folder, probe }: ArgumentOptions): Wish[] {
  const { cacheBytesPerToken, positions } = folder;
  const tokens = Math.min(spec.contextSize ?? Infinity, positions ?? Infinity);
  const isChosen =
    spec.settings?.gpuMemoryUtilization !== undefined || isGiven(spec, '--gpu-memory-utilization');
  if (!probe.processorOnly || isChosen || cacheBytesPerToken === undefined || tokens === Infinity) return [];
  // Cache comes in blocks, so a slot may need one more than its tokens say.
  const BLOCK = 128;
  const bytes = Math.max(SMALLEST_CACHE, spec.slots * (tokens + BLOCK) * cacheBytesPerToken);
  return [[['--kv-cache-memory-bytes', String(bytes)]]];
}

function settingsArguments({ files, settings = {} }: SessionSpec): string[] {
  const { draft, gpuMemoryUtilization, hfOverrides } = settings;
  const line: string[] = [];
  if (files.chatTemplate !== undefined) line.push('--chat-template', files.chatTemplate);
  if (gpuMemoryUtilization !== undefined) {
    line.push('--gpu-memory-utilization', String(gpuMemoryUtilization));
  }
  if (hfOverrides !== undefined) line.push('--hf-overrides', JSON.stringify(hfOverrides));
  if (draft !== undefined) line.push('--speculative-config', draftConfig(draft));
  return line;
}

function draftConfig({ files, tokens }: NonNullable<NonNullable<SessionSpec['settings']>['draft']>): string {
  if (files.format !== 'safetensors') {
    throw new EngineStartError(
      'vLLM needs a draft model in safetensors; choose another one or run the model without.',
    );
  }
  const model = files.weights.slice(0, files.weights.lastIndexOf('/'));
  return JSON.stringify({ model, method: 'draft_model', num_speculative_tokens: tokens ?? DRAFT_TOKENS });
}

function isGiven(spec: SessionSpec, flag: string): boolean {
  return (spec.settings?.flags ?? []).some((word) => word === flag || word.startsWith(`${flag}=`));
}

function refuseUnknown(flags: readonly string[], knownFlags: ReadonlySet<string>): void {
  for (const word of flags) {
    // A negative number is a value.
    const [flag] = /^--?[a-zA-Z][\w-]*/.exec(word) ?? [];
    if (flag === undefined || knownFlags.has(flag.replaceAll('_', '-'))) continue;
    throw new EngineStartError(
      `The installed vLLM does not know the flag ${flag}; take it out of the configuration of the model.`,
    );
  }
}
