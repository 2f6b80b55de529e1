/**
 * Names of quantizations as people write them into file names: `Q4_K_M`, `Q4_0_4_4`, `IQ2_XXS`, `UD-Q4_K_XL`, `BF16`,
 * `MXFP4_MOE`, `TQ1_0`, `q8`. `UD-` is part of the name: the two files differ in quality and size.
 */
const KINDS = [
  String.raw`I?Q\d_K[A-Z]{0,3}(?:_[A-Z]{1,3})?(?:_R\d)?`,
  String.raw`IQ\d_[A-Z]{1,3}`,
  String.raw`T?Q\d_\d(?:_\d_\d)?`,
  String.raw`(?:MX|NV)FP4(?:_MOE)?`,
  String.raw`B?F16|FP16|FP?32|F64|FP8`,
  String.raw`Q\d`,
];
const LABEL = new RegExp(String.raw`(?<=^|[-._/ ])(?:UD-)?(?:${KINDS.join('|')})(?=$|[-._/ ])`, 'gi');

/**
 * The quantization a path names, in upper case: the last one in the file's name, else in the nearest folder's.
 * @param path without `.gguf` and shard numbers.
 */
export function quantizationLabel(path: string): string | undefined {
  for (const part of path.split('/').toReversed()) {
    const label = part.match(LABEL)?.at(-1);
    if (label !== undefined) return label.toUpperCase();
  }
  return undefined;
}

/** Bits of one weight as a path's quantization says; 0 when it says nothing. */
export function bitWidth(path: string): number {
  return Number(/\d+/.exec(quantizationLabel(path) ?? '')?.[0] ?? 0);
}
