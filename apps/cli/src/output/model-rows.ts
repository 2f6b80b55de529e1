import type { Model, ModelDescription } from '../client/wire.js';
import { shortModelId, shortModelName } from './model-name.js';
import { humanDuration } from './units.js';

export const MODEL_HEADER: readonly string[] = [
  'MODEL NAME',
  'PARAMETERS',
  'QUANTIZATION',
  'ARCHITECTURE',
  'MODEL ID',
  'CREATED',
  'CONTEXT',
  'SIZE',
];

/** One row for each tag, and one for a model without any, by name. @param now ms since the epoch */
export function modelRows(models: readonly Model[], now: number, defaultRegistry?: string): string[][] {
  return models
    .flatMap((model) => (model.tags?.length ? model.tags : [undefined]).map((tag) => ({ model, tag })))
    .map(({ model, tag }) =>
      row(model, tag === undefined ? '<none>' : shortModelName(tag, defaultRegistry), now),
    )
    .toSorted(byName);
}

function row({ id, created, config }: Model, name: string, now: number): string[] {
  return [
    name,
    config.parameters ?? '',
    config.quantization ?? '',
    config.architecture ?? '',
    shortModelId(id),
    `${humanDuration(now - created * 1000)} ago`,
    contextOf(config),
    config.size ?? '',
  ];
}

function contextOf({ context_size: size, gguf, architecture = 'llama' }: ModelDescription): string {
  if (size !== undefined) return String(size);
  return gguf?.[`${architecture}.context_length`] ?? gguf?.['llama.context_length'] ?? '';
}

/** By what stands before the last colon, then by the tag. */
function byName([left = '']: readonly string[], [right = '']: readonly string[]): number {
  const [leftBase, leftTag] = splitTag(left.toLowerCase());
  const [rightBase, rightTag] = splitTag(right.toLowerCase());
  return compare(leftBase, rightBase) || compare(leftTag, rightTag);
}

function splitTag(name: string): [string, string] {
  const colon = name.lastIndexOf(':');
  return colon === -1 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
