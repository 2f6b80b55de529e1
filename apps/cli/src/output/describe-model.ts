import type { Model } from '../client/wire.js';
import { printable } from './table.js';

const LABEL_WIDTH = 14;

/** A model in words: what it is, then what its files say of themselves. */
export function describeModel({ id, tags = [], created, config }: Model): string {
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['Model:', id],
    ['Tags:', tags.length > 0 ? tags.join(', ') : undefined],
    ['Created:', created > 0 ? new Date(created * 1000).toISOString().replace('.000Z', 'Z') : undefined],
    ['Format:', config.format],
    ['Architecture:', config.architecture],
    ['Parameters:', config.parameters],
    ['Size:', config.size],
    ['Quantization:', config.quantization],
    ['Context Size:', config.context_size],
  ];
  const lines = facts.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [`${label.padEnd(LABEL_WIDTH)}${printable(String(value))}`],
  );
  return [
    ...lines,
    ...section('GGUF Metadata', config.gguf),
    ...section('Safetensors Metadata', config.safetensors),
    ...section('Diffusers Metadata', config.diffusers),
  ].join('\n');
}

/** A chat template may have hundreds of lines; this many characters tell what it is. */
const LONGEST_VALUE = 200;

function section(title: string, entries: Readonly<Record<string, string>> = {}): string[] {
  const names = Object.keys(entries).toSorted();
  if (names.length === 0) return [];
  return ['', `${title}:`, ...names.map((name) => `  ${printable(name)}: ${shortened(entries[name] ?? '')}`)];
}

function shortened(value: string): string {
  const text = printable(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
