import type { ModelConfig } from '#contracts';
import { isRecord } from './json.js';
import { printBytes, printCount } from './print-quantity.js';
import type { SafetensorsHeader } from './read-safetensors-header.js';

/** Where the `config.json` of a model says how long its context is, best first. */
const CONTEXT_KEYS = [
  'max_position_embeddings',
  'n_ctx',
  'n_positions',
  'max_length',
  'max_sequence_length',
  'model_max_length',
];

/** Longest text of the metadata that is shown. */
const TEXT_LIMIT = 4096;

/**
 * What clients are shown of safetensors weights.
 * @param headers of all files.
 * @param configuration the model's own `config.json`; empty when there is none.
 */
export function describeSafetensors(
  headers: readonly SafetensorsHeader[],
  configuration: Readonly<Record<string, unknown>>,
): ModelConfig {
  const sum = (member: 'parameterCount' | 'tensorBytes' | 'tensorCount'): number =>
    headers.reduce((total, header) => total + header[member], 0);
  const quantization = nameTypes(headers);
  const architecture = nameArchitecture(configuration);
  const contextLength = findContextLength(configuration);
  const texts = [...(headers[0]?.metadata ?? [])].filter(([, text]) => text.length <= TEXT_LIMIT);
  return {
    format: 'safetensors',
    ...(quantization !== undefined && { quantization }),
    parameters: printCount(sum('parameterCount')),
    ...(architecture !== undefined && { architecture }),
    size: printBytes(sum('tensorBytes')),
    safetensors: { ...Object.fromEntries(texts), tensor_count: String(sum('tensorCount')) },
    ...(contextLength !== undefined && { context_size: contextLength }),
  };
}

/** The type of all tensors, or `mixed`. */
function nameTypes(headers: readonly SafetensorsHeader[]): string | undefined {
  const types = new Set(headers.flatMap((header) => [...header.types.keys()]));
  return types.size > 1 ? 'mixed' : [...types][0];
}

function nameArchitecture(configuration: Readonly<Record<string, unknown>>): string | undefined {
  const { architectures, model_type: modelType } = configuration;
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  return [first, modelType].find((name): name is string => typeof name === 'string' && name !== '');
}

/** Models that also see or hear keep it under `text_config`. */
function findContextLength(configuration: Readonly<Record<string, unknown>>): number | undefined {
  const text = configuration['text_config'];
  for (const part of [configuration, isRecord(text) ? text : {}]) {
    const found = CONTEXT_KEYS.map((key) => part[key]).find(
      (value): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
