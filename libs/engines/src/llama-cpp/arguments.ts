import type { SessionSpec } from '../engine.js';

/** RAM for prompts of slots that went idle, so that a conversation comes back without prefill; MiB. */
const PROMPT_CACHE_MEBIBYTES = 512;

/** What a session asks of llama-server's command line beyond the spec. */
export interface ArgumentOptions {
  readonly socketPath: string;
  /** Long flags that the installed binary knows, from its `--help`. */
  readonly knownFlags: ReadonlySet<string>;
  /** The operator's own, put last so that they win. */
  readonly extraArguments: readonly string[];
}

/**
 * The command line of llama-server for a session. Flags that every version has are always given; the others, which
 * are renamed or added often, only when the binary knows them.
 */
export function llamaServerArguments(spec: SessionSpec, options: ArgumentOptions): string[] {
  const settings: Readonly<Record<string, string>> = {
    '--model': spec.files.weights,
    '--host': options.socketPath,
    '--alias': spec.servedName,
    '--threads': String(spec.threads),
    '--parallel': String(spec.slots),
    '--ctx-size': contextTokens(spec),
  };
  const always = [...Object.entries(settings).flat(), ...modeArguments(spec)];
  const wished = [...OPTIONAL_ALWAYS, ...contextSharing(spec), ...templateArguments(spec)];
  return [
    ...always,
    ...wished.flatMap((wish) => firstKnown(wish, options.knownFlags)),
    ...options.extraArguments,
  ];
}

/** Spellings of one wish, newest first; a flag with a value is an array of two. */
type Wish = readonly (readonly string[])[];

const OPTIONAL_ALWAYS: readonly Wish[] = [
  [['--offline']],
  [['--metrics']],
  [['--slots']],
  [['--no-ui'], ['--no-webui']],
  [['--cache-ram', String(PROMPT_CACHE_MEBIBYTES)]],
  // A silent stream needs no comments here: the gateway writes its own to clients that wait.
  [['--sse-ping-interval', '-1']],
];

/**
 * The context is the sum over all slots, so each gets its part. Without a size the model's own limit is one pool that
 * the slots share: giving each slot the whole limit would cost memory many times over.
 */
function contextTokens(spec: SessionSpec): string {
  return String((spec.contextSize ?? 0) * spec.slots);
}

function contextSharing(spec: SessionSpec): Wish[] {
  return spec.contextSize === undefined ? [[['--kv-unified']]] : [[['--no-kv-unified']]];
}

/** A prompt is computed in pieces of this size, and a caller who hung up is noticed between two; tokens. */
const PROMPT_PIECE = 512;

/**
 * An input to embed or to rank is computed in one piece, so the physical batch is as long as a slot. Without a size
 * the engine's own batch of 512 tokens stays the limit, and a longer input is refused with a message that says so.
 */
function modeArguments(spec: SessionSpec): string[] {
  if (spec.mode === 'completion') return ['--batch-size', String(PROMPT_PIECE)];
  const batch = spec.contextSize === undefined ? [] : batchOf(spec.contextSize);
  return spec.mode === 'embedding' ? ['--embeddings', ...batch] : ['--embeddings', '--reranking', ...batch];
}

function batchOf(tokens: number): string[] {
  return ['--batch-size', String(tokens), '--ubatch-size', String(tokens)];
}

function templateArguments(spec: SessionSpec): Wish[] {
  const { projector, chatTemplate } = spec.files;
  const wishes: Wish[] = [];
  if (spec.mode === 'completion') wishes.push([['--jinja']]);
  if (projector !== undefined) wishes.push([['--mmproj', projector]]);
  if (chatTemplate !== undefined) wishes.push([['--chat-template-file', chatTemplate]]);
  return wishes;
}

function firstKnown(wish: Wish, knownFlags: ReadonlySet<string>): readonly string[] {
  return wish.find(([flag]) => flag !== undefined && knownFlags.has(flag)) ?? [];
}
