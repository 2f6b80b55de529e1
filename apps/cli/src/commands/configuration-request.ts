import { wrongUsage } from '../command-failure.js';

/** Options of `configure`. */
export interface ConfigureOptions {
  readonly contextSize?: number;
  readonly mode?: string;
  readonly keepAlive?: string;
  readonly think?: boolean;
  readonly speculativeDraftModel?: string;
  readonly speculativeNumTokens?: number;
  readonly speculativeMinAcceptanceRate?: number;
  readonly hf_overrides?: string;
  readonly gpuMemoryUtilization?: number;
}

/** Body of `POST /engines/_configure`. @throws CommandFailure */
export function configurationRequest(
  model: string,
  flags: readonly string[],
  options: ConfigureOptions,
): Readonly<Record<string, unknown>> {
  const { contextSize, mode, keepAlive, think, hf_overrides: overrides, gpuMemoryUtilization } = options;
  const vllm = given({
    'hf-overrides': overrides === undefined ? undefined : readOverrides(overrides),
    'gpu-memory-utilization': gpuMemoryUtilization,
  });
  return given({
    model,
    mode: mode?.toLowerCase(),
    'context-size': contextSize,
    'runtime-flags': flags.length > 0 ? flags : undefined,
    keep_alive: keepAlive,
    speculative: speculativeOf(options),
    vllm: Object.keys(vllm).length > 0 ? vllm : undefined,
    llamacpp: think === undefined ? undefined : { 'reasoning-budget': think ? -1 : 0 },
  });
}

function speculativeOf(options: ConfigureOptions): Readonly<Record<string, unknown>> | undefined {
  const { speculativeDraftModel: model, speculativeNumTokens: tokens } = options;
  const { speculativeMinAcceptanceRate: rate } = options;
  if (model === undefined && tokens === undefined && rate === undefined) return undefined;
  if (model === undefined)
    throw wrongUsage('Speculative decoding needs a draft model: give --speculative-draft-model too.');
  return given({ draft_model: model, num_tokens: tokens, min_acceptance_rate: rate });
}

function readOverrides(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw wrongUsage('--hf_overrides must be a JSON object, such as \'{"max_model_len": 4096}\'.');
}

function given(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
