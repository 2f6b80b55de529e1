import type { Tensor } from '../gguf/tensor.js';

/** From the names of a GGUF's tensors to those that Hugging Face's models have, without `.weight` and `.bias`. */
export interface TensorNames {
  readonly names: Readonly<Record<string, string>>;
  /** Stands before the number of a layer. */
  readonly layers: string;
  /** Of what stands behind it. */
  readonly layerNames: Readonly<Record<string, string>>;
}

/** @throws Error for a tensor whose name is not known */
export function renameTensors(tensors: readonly Tensor[], names: TensorNames): Tensor[] {
  return tensors.map((tensor) => ({ ...tensor, name: newName(tensor.name, names) }));
}

function newName(name: string, { names, layers, layerNames }: TensorNames): string {
  const [, part = '', kind = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
  const [, layer, own = ''] = /^blk\.(\d+)\.(.*)$/.exec(part) ?? [];
  const known = layer === undefined ? names[part] : layerNames[own];
  if (known === undefined) throw new Error(`Nobody has said what ${name} is called in safetensors.`);
  return layer === undefined ? `${known}.${kind}` : `${layers}.${layer}.${known}.${kind}`;
}
