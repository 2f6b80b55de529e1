import { MODEL_FORMATS, type ModelConfig, type ModelFormat } from '#contracts';
import { FormatError } from './format-error.js';
import { isRecord, parseJson } from './json.js';
import { MODELPACK_CONFIG } from './media-types.js';

/** What a config document says of a model. */
export interface DescribedModel {
  readonly config: ModelConfig;
  /** Seconds since the epoch; 0 when the document does not say. */
  readonly created: number;
}

/**
 * Reads a Docker config document (v0.1 and v0.2 have one shape) or a ModelPack one. Members of the wrong type count
 * as absent: they describe the model to people and decide nothing.
 * @throws FormatError when the document is not a JSON object.
 */
export function readModelConfig(bytes: Uint8Array, mediaType: string): DescribedModel {
  const document = parseJson(bytes, 'its config document');
  const config = member(document, 'config');
  const descriptor = member(document, 'descriptor');
  if (isModelPack(document, mediaType)) {
    return {
      created: seconds(descriptor['createdAt']),
      config: describe(config, {
        parameters: 'paramSize',
        architecture: [descriptor['family'], config['architecture']],
      }),
    };
  }
  return {
    created: seconds(descriptor['created']),
    config: describe(config, { parameters: 'parameters', architecture: [config['architecture']] }),
  };
}

function isModelPack(document: Record<string, unknown>, mediaType: string): boolean {
  return mediaType === MODELPACK_CONFIG || 'modelfs' in document;
}

interface Spelling {
  /** Member that holds the number of parameters. */
  readonly parameters: string;
  /** Candidates, best first. */
  readonly architecture: readonly unknown[];
}

function describe(config: Record<string, unknown>, spelling: Spelling): ModelConfig {
  const format = readFormat(config['format']);
  const context = config['context_size'];
  const texts = {
    quantization: text(config['quantization']),
    parameters: text(config[spelling.parameters]),
    architecture: spelling.architecture.map((value) => text(value)).find((value) => value !== undefined),
    size: text(config['size']),
  };
  const maps = { gguf: textMap(config['gguf']), safetensors: textMap(config['safetensors']) };
  return {
    ...(format && { format }),
    ...present(texts),
    ...present(maps),
    ...(typeof context === 'number' &&
      Number.isSafeInteger(context) &&
      context > 0 && { context_size: context }),
  };
}

function readFormat(value: unknown): ModelFormat | undefined {
  return MODEL_FORMATS.find((format) => format === value);
}

function member(document: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = document[name];
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw new FormatError(`its config document has a "${name}" that is not an object`);
  return value;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textMap(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function present<T>(values: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );
}

function seconds(value: unknown): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? 0 : Math.max(0, Math.floor(time / 1000));
}
