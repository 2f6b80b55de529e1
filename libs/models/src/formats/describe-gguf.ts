import type { ModelConfig } from '#contracts';
import type { GgufValue } from './gguf-values.js';
import { printBytes, printCount } from './print-quantity.js';
import type { GgufHeader } from './read-gguf-header.js';

/** Arrays longer than this are left out of the description, as other Model Runner tools do. */
const DESCRIBED_ARRAY_LIMIT = 50;

/** What clients are shown of a GGUF model. */
export function describeGguf(header: GgufHeader): ModelConfig {
  const { architecture, fileType, contextLength } = header;
  return {
    format: 'gguf',
    ...(fileType !== undefined && { quantization: fileType }),
    parameters: printCount(header.parameterCount),
    ...(architecture !== undefined && { architecture }),
    size: printBytes(header.tensorBytes),
    gguf: describeMetadata(header.metadata),
    ...(contextLength !== undefined && { context_size: contextLength }),
  };
}

function describeMetadata(metadata: ReadonlyMap<string, GgufValue>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of metadata) {
    if (typeof value !== 'object') texts[key] = String(value);
    else if (value.length <= DESCRIBED_ARRAY_LIMIT) texts[key] = value.join(', ');
  }
  return texts;
}
