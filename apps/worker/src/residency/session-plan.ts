import type { ModelFormat, SessionConfiguration } from '#contracts';
import type { DraftModel, EngineSettings } from '#engines';

/** Largest context a slot of a GGUF model gets when nobody asked for one, because each slot's takes memory; tokens. */
const DEFAULT_CONTEXT_LIMIT = 4_096;

export interface ContextWishes {
  /** Of the model's configuration; -1 = as many as the model can. */
  readonly configured: number | undefined;
  /** Of the worker's; 0 = no wish. */
  readonly worker: number;
  /** What the model was trained for. */
  readonly model: number | undefined;
  readonly format: ModelFormat;
}

/** Tokens of one slot; undefined leaves it to the engine. */
export function contextSizeFor({ configured, worker, model, format }: ContextWishes): number | undefined {
  if (configured === -1) return model;
  if (configured !== undefined && configured > 0) return configured;
  if (worker > 0) return worker;
  if (format !== 'gguf') return undefined;
  return Math.min(model ?? DEFAULT_CONTEXT_LIMIT, DEFAULT_CONTEXT_LIMIT);
}

/** What a configuration says to the engine; undefined when it says nothing. */
export function settingsOf(
  configuration: SessionConfiguration | undefined,
  draft: DraftModel | undefined,
): EngineSettings | undefined {
  const { flags, reasoningBudget, gpuMemoryUtilization, hfOverrides } = configuration ?? {};
  const settings: EngineSettings = {
    ...(flags !== undefined && flags.length > 0 && { flags }),
    ...(draft !== undefined && { draft }),
    ...(reasoningBudget !== undefined && { reasoningBudget }),
    ...(gpuMemoryUtilization !== undefined && { gpuMemoryUtilization }),
    ...(hfOverrides !== undefined && { hfOverrides }),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/** How long a session stays when idle; ms, -1 = for ever. What was configured for the model wins over a pin. */
export function keepAliveFor({
  configured,
  pinned,
  worker,
}: {
  readonly configured: number | undefined;
  /** The worker was told to keep the model. */
  readonly pinned: boolean;
  readonly worker: number;
}): number {
  return configured ?? (pinned ? -1 : worker);
}
