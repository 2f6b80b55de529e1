import type { CatalogueModel, SessionConfiguration } from '#contracts';
import type { JsonObject } from './decode-body.js';
import { formatKeepAlive } from './go-duration.js';

/** One configuration as `GET /engines/_configure` lists it. */
export interface ListedConfiguration {
  readonly Backend: string;
  readonly Model: string;
  readonly ModelID: string;
  readonly Mode: string;
  readonly Config: JsonObject;
}

/** @param nameOf the name a client knows a model by */
export function encodeConfiguration(
  configuration: SessionConfiguration,
  nameOf: (modelId: string) => string,
): ListedConfiguration {
  const { engine, modelId, mode, reference } = configuration;
  const Config = encodeSettings(configuration, nameOf);
  return { Backend: engine, Model: reference, ModelID: modelId, Mode: mode, Config };
}

/** What was configured, in the words it is configured with; members nobody set are left out. */
export function encodeSettings(
  configuration: SessionConfiguration,
  nameOf: (modelId: string) => string,
): JsonObject {
  const { contextSize, flags, keepAlive, reasoningBudget, gpuMemoryUtilization, hfOverrides, speculative } =
    configuration;
  const vllm = present({ 'hf-overrides': hfOverrides, 'gpu-memory-utilization': gpuMemoryUtilization });
  const llamacpp = present({ 'reasoning-budget': reasoningBudget });
  return present({
    'context-size': contextSize,
    'runtime-flags': flags,
    speculative:
      speculative &&
      present({
        draft_model: nameOf(speculative.draftModelId),
        num_tokens: speculative.tokens,
        min_acceptance_rate: speculative.minimumAcceptance,
      }),
    keep_alive: keepAlive === undefined ? undefined : formatKeepAlive(keepAlive),
    vllm: Object.keys(vllm).length > 0 ? vllm : undefined,
    llamacpp: Object.keys(llamacpp).length > 0 ? llamacpp : undefined,
  });
}

/** The names of models, of which clients read the first tag. */
export function namesIn(models: readonly CatalogueModel[]): (modelId: string) => string {
  const names = new Map(models.map(({ id, tags }) => [id, tags[0] ?? id]));
  return (modelId) => names.get(modelId) ?? modelId;
}

function present(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
