import { FormatError } from './format-error.js';
import type { GgufHeader } from './read-gguf-header.js';

/**
 * What the headers of all shards of a model say together. The first one describes the model; each counts its tensors.
 * @param headers in the order of the shards, at least one.
 * @throws FormatError when a header says that it is another shard than its place.
 */
export function mergeGgufHeaders(headers: readonly GgufHeader[]): GgufHeader {
  const [first] = headers;
  if (!first) throw new FormatError('the model has no GGUF files');
  for (const [index, { shard }] of headers.entries()) {
    const { number = index, count = headers.length } = shard ?? {};
    if (number === index && count === headers.length) continue;
    throw new FormatError(
      `the file that should be shard ${index + 1} of ${headers.length} is shard ${number + 1} of ${count}`,
    );
  }
  const sum = (member: 'tensorCount' | 'parameterCount' | 'tensorBytes'): number =>
    headers.reduce((total, header) => total + header[member], 0);
  return {
    ...first,
    tensorCount: sum('tensorCount'),
    parameterCount: sum('parameterCount'),
    tensorBytes: sum('tensorBytes'),
  };
}
