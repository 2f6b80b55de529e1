import { bool, f32, f32s, string, u32, type Metadata } from './metadata.js';
import { SCRIPTED_SHAPE } from './scripted-model.js';
import { constant, noise, type FillRow, type Tensor } from './tensor.js';
import { writeGguf } from './write-gguf.js';

const IMAGE_SIZE = 32;
const PATCH_SIZE = 8;
const SIZE = 64;
const FEED_FORWARD = 128;
const LAYERS = 2;
const HEADS = 4;
const COLOURS = 3;

/**
 * Writes a projector that lets the scripted model take images: they go all the way through tokens of their own, and the
 * model, which looks at its last token only, says what it always says.
 */
export async function writeProjectorModel(path: string): Promise<void> {
  await writeGguf(path, { metadata: projectorMetadata(), tensors: projectorTensors() });
}

function projectorMetadata(): Metadata {
  return {
    'general.architecture': string('clip'),
    'general.type': string('mmproj'),
    'general.name': string('projector'),
    'general.file_type': u32(0),
    'clip.has_vision_encoder': bool(true),
    'clip.projector_type': string('mlp'),
    'clip.use_gelu': bool(true),
    'clip.vision.image_size': u32(IMAGE_SIZE),
    'clip.vision.patch_size': u32(PATCH_SIZE),
    'clip.vision.embedding_length': u32(SIZE),
    'clip.vision.feed_forward_length': u32(FEED_FORWARD),
    'clip.vision.projection_dim': u32(SCRIPTED_SHAPE.dimensions),
    'clip.vision.block_count': u32(LAYERS),
    'clip.vision.attention.head_count': u32(HEADS),
    'clip.vision.attention.layer_norm_epsilon': f32(1e-5),
    'clip.vision.image_mean': f32s([0.5, 0.5, 0.5]),
    'clip.vision.image_std': f32s([0.5, 0.5, 0.5]),
  };
}

function projectorTensors(): Tensor[] {
  const patches = (IMAGE_SIZE / PATCH_SIZE) ** 2;
  const projected = SCRIPTED_SHAPE.dimensions;
  return [
    tensor('v.class_embd', [SIZE], noise(0.1, 1)),
    tensor('v.patch_embd.weight', [PATCH_SIZE, PATCH_SIZE, COLOURS, SIZE], noise(0.1, 2)),
    tensor('v.position_embd.weight', [SIZE, patches + 1], noise(0.1, 3)),
    ...norm('v.pre_ln'),
    ...norm('v.post_ln'),
    ...Array.from({ length: LAYERS }, (_, layer) => layerTensors(layer)).flat(),
    ...linear('mm.0', [SIZE, projected], 20),
    ...linear('mm.2', [projected, projected], 21),
  ];
}

function layerTensors(layer: number): Tensor[] {
  const name = (part: string): string => `v.blk.${layer}.${part}`;
  const seed = 100 * (layer + 1);
  return [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_out'].flatMap((part, place) =>
      linear(name(part), [SIZE, SIZE], seed + place),
    ),
    ...norm(name('ln1')),
    ...norm(name('ln2')),
    ...linear(name('ffn_up'), [SIZE, FEED_FORWARD], seed + 4),
    ...linear(name('ffn_down'), [FEED_FORWARD, SIZE], seed + 5),
  ];
}

function linear(name: string, shape: readonly [number, number], seed: number): Tensor[] {
  return [
    tensor(`${name}.weight`, shape, noise(0.05, seed)),
    tensor(`${name}.bias`, [shape[1]], constant(0)),
  ];
}

function norm(name: string): Tensor[] {
  return [tensor(`${name}.weight`, [SIZE], constant(1)), tensor(`${name}.bias`, [SIZE], constant(0))];
}

function tensor(name: string, shape: readonly [number, ...number[]], fill: FillRow): Tensor {
  return { name, type: 'F32', shape, fill };
}
