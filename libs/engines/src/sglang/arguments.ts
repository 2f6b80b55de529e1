import { dirname } from 'node:path';
import { EngineStartError, type DraftModel, type SessionSpec } from '../engine.js';

/** Tokens a draft model proposes at once when nobody says how many. */
const DRAFT_TOKENS = 4;

/** What a session asks of SGLang's command line beyond the spec. */
export interface ArgumentOptions {
  readonly host: string;
  readonly port: number;
  readonly knownFlags: ReadonlySet<string>;
  /** Flags for which it finds the right value by the model, when told `auto`. */
  readonly automatic: ReadonlySet<string>;
}

/**
 * The command line of an SGLang server for a session. The flags of the model's configuration come last, so that they
 * win.
 * @throws EngineStartError when the session asks for something that this SGLang cannot do
 */
export function sglangArguments(spec: SessionSpec, options: ArgumentOptions): string[] {
  const { mode, files, contextSize, settings = {} } = spec;
  const flags = settings.flags ?? [];
  refuseUnknown(flags, options.knownFlags);
  return [
    '--model-path',
    dirname(files.weights),
    '--host',
    options.host,
    '--port',
    String(options.port),
    '--served-model-name',
    spec.servedName,
    // Weights in other formats can hold programs.
    '--load-format',
    'safetensors',
    '--max-running-requests',
    String(spec.slots),
    ...(contextSize !== undefined && contextSize > 0 ? ['--context-length', String(contextSize)] : []),
    ...(mode === 'completion' ? [] : ['--is-embedding']),
    ...(files.chatTemplate === undefined ? [] : ['--chat-template', files.chatTemplate]),
    ...OPTIONAL_ALWAYS.filter((flag) => options.knownFlags.has(flag)),
    ...(mode === 'completion' ? parserArguments(flags, options) : []),
    ...(settings.draft === undefined ? [] : draftArguments(settings.draft)),
    ...flags,
  ];
}

const OPTIONAL_ALWAYS = ['--enable-metrics', '--enable-cache-report'];

function parserArguments(flags: readonly string[], { automatic }: ArgumentOptions): string[] {
  const wished = ['--tool-call-parser', '--reasoning-parser'];
  return wished
    .filter((flag) => automatic.has(flag) && !flags.some((word) => word.split('=')[0] === flag))
    .flatMap((flag) => [flag, 'auto']);
}

function draftArguments({ files, tokens = DRAFT_TOKENS }: DraftModel): string[] {
  if (files.format !== 'safetensors') {
    throw new EngineStartError(
      'SGLang needs a draft model in safetensors; choose another one or run the model without.',
    );
  }
  return [
    '--speculative-algorithm',
    'STANDALONE',
    '--speculative-draft-model-path',
    dirname(files.weights),
    // One row of guesses: the token that the model itself adds is counted too.
    '--speculative-num-steps',
    String(tokens),
    '--speculative-eagle-topk',
    '1',
    '--speculative-num-draft-tokens',
    String(tokens + 1),
  ];
}

function refuseUnknown(flags: readonly string[], knownFlags: ReadonlySet<string>): void {
  for (const word of flags) {
    // A negative number is a value.
    const [flag] = /^--?[a-zA-Z][\w-]*/.exec(word) ?? [];
    if (flag === undefined || knownFlags.has(flag)) continue;
    throw new EngineStartError(
      `The installed SGLang does not know the flag ${flag}; take it out of the configuration of the model.`,
    );
  }
}
