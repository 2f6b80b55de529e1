import { EngineStartError, type DraftModel, type SessionSpec } from '../engine.js';
import { asWords, refuseUnknownFlags } from './model-flags.js';

/** RAM for prompts of slots that went idle, so that a conversation comes back without prefill; MiB. */
const PROMPT_CACHE_MEBIBYTES = 512;

/** What a session asks of llama-server's command line beyond the spec. */
export interface ArgumentOptions {
  readonly socketPath: string;
  /** Flags that the installed binary knows, from its `--help`. */
  readonly knownFlags: ReadonlySet<string>;
  /** What it calls guessing with a small model, where it wants to be told. */
  readonly draftType?: string;
  /** The operator's own, for every model: they win over ours, and a model's own flags over them. */
  readonly extraArguments: readonly string[];
}

/**
 * The command line of llama-server for a session. Flags that every version has are always given; the others, which
 * are renamed or added often, only when the binary knows them. Of a flag that is given twice llama-server takes the
 * last.
 * @throws EngineStartError when the binary lacks a flag that somebody asked for
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
  const flags = asWords(spec.settings?.flags ?? []);
  refuseUnknownFlags(flags, options.knownFlags);
  return [
    ...always,
    ...wished.flatMap((wish) => firstKnown(wish, options.knownFlags) ?? []),
    ...demandedArguments(spec, options),
    ...options.extraArguments,
    ...flags,
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

/** What llama-server can read; no machine has memory for it. */
const LARGEST_CONTEXT = 2 ** 31 - 1;

/**
 * The context is the sum over all slots, so each gets its part. Without a size the model's own limit is one pool that
 * the slots share: giving each slot the whole limit would cost memory many times over.
 */
function contextTokens(spec: SessionSpec): string {
  return String(Math.min((slotTokens(spec) ?? 0) * spec.slots, LARGEST_CONTEXT));
}

function contextSharing(spec: SessionSpec): Wish[] {
  return slotTokens(spec) === undefined ? [[['--kv-unified']]] : [[['--no-kv-unified']]];
}

/** Undefined: as many as the model can. */
function slotTokens({ contextSize }: SessionSpec): number | undefined {
  return contextSize === undefined || contextSize <= 0 ? undefined : contextSize;
}

/** A prompt is computed in pieces of this size, and a caller who hung up is noticed between two; tokens. */
const PROMPT_PIECE = 512;

/**
 * An input to embed or to rank is computed in one piece, so the physical batch is as long as a slot. Without a size
 * the engine's own batch of 512 tokens stays the limit, and a longer input is refused with a message that says so.
 */
function modeArguments(spec: SessionSpec): string[] {
  if (spec.mode === 'completion') return ['--batch-size', String(PROMPT_PIECE)];
  const tokens = slotTokens(spec);
  const batch = tokens === undefined ? [] : batchOf(tokens);
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

/** What somebody asked for: it must not be left out silently. */
function demandedArguments({ mode, settings = {} }: SessionSpec, options: ArgumentOptions): string[] {
  const { draft, reasoningBudget } = settings;
  if (mode !== 'completion') return [];
  const demands: [string, Wish][] = [];
  if (reasoningBudget !== undefined) {
    demands.push(['a limit for reasoning', [['--reasoning-budget', String(reasoningBudget)]]]);
  }
  if (draft !== undefined) demands.push(...draftDemands(draft));
  const given = demands.flatMap(([what, wish]) => demanded(what, wish, options.knownFlags));
  const { draftType } = options;
  return draft === undefined || draftType === undefined ? given : [...given, '--spec-type', draftType];
}

function draftDemands({ files, tokens, minimumAcceptance }: DraftModel): [string, Wish][] {
  const path = files.weights;
  const demands: [string, Wish][] = [
    [
      'a draft model',
      [
        ['--spec-draft-model', path],
        ['--model-draft', path],
      ],
    ],
  ];
  if (tokens !== undefined) {
    const most = String(tokens);
    demands.push([
      'a number of draft tokens',
      [
        ['--spec-draft-n-max', most],
        ['--draft-max', most],
      ],
    ]);
  }
  if (minimumAcceptance !== undefined) {
    const least = String(minimumAcceptance);
    demands.push([
      'a least probability of draft tokens',
      [
        ['--spec-draft-p-min', least],
        ['--draft-p-min', least],
      ],
    ]);
  }
  return demands;
}

function demanded(what: string, wish: Wish, knownFlags: ReadonlySet<string>): readonly string[] {
  const known = firstKnown(wish, knownFlags);
  if (known !== undefined) return known;
  throw new EngineStartError(`This llama-server does not take ${what}; a newer one does.`);
}

function firstKnown(wish: Wish, knownFlags: ReadonlySet<string>): readonly string[] | undefined {
  return wish.find(([flag]) => flag !== undefined && knownFlags.has(flag));
}
