import type { ModelFormat } from '#contracts';
import { checkDistinctPaths, checkFilePath } from './file-path.js';
import { FormatError } from './format-error.js';
import type { Descriptor, Manifest } from './manifest.js';
import {
  CHAT_TEMPLATE_LAYER,
  CONFIG_ARCHIVE_LAYER,
  DOCKER_CONFIG_V01,
  FILE_PATH_ANNOTATION,
  FOLDER_ARCHIVE_LAYER,
  GGUF_LAYER,
  LICENSE_LAYER,
  MODEL_FILE_LAYER,
  MODELPACK_GGUF_LAYER,
  MODELPACK_SAFETENSORS_LAYER,
  PROJECTOR_LAYER,
  SAFETENSORS_LAYER,
  isConfigType,
} from './media-types.js';

const ROLES = ['weights', 'projector', 'chat-template', 'other'] as const;
type Role = (typeof ROLES)[number];

/** One file of a model's folder: which blob it is and where it lies. */
export interface BundleFile {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly role: Role;
}

/** A tar archive that is unpacked into the model's folder. */
export interface BundleArchive {
  readonly digest: string;
  readonly size: number;
  readonly gzip: boolean;
}

/** How the blobs of a model become a folder an engine can read. Paths are safe, distinct and relative. */
export interface BundlePlan {
  readonly format: ModelFormat;
  readonly files: readonly BundleFile[];
  /** What is in them is known when they are unpacked; none of it may be in the way of a file. */
  readonly archives: readonly BundleArchive[];
  /** The file an engine is pointed at: the first shard. */
  readonly weights: string;
  readonly projector?: string;
  readonly chatTemplate?: string;
}

/**
 * Lays out a model's folder from its manifest alone, so that an artifact that cannot be used is refused before a
 * byte of it is downloaded.
 * @throws FormatError saying why it cannot be used.
 */
export function planBundle(manifest: Manifest): BundlePlan {
  if (!isConfigType(manifest.config.mediaType)) {
    throw new FormatError(
      `it is not a model: its config type "${manifest.config.mediaType}" is not one of the Docker or CNCF model formats`,
    );
  }
  const layers =
    manifest.config.mediaType === DOCKER_CONFIG_V01
      ? readLayersByType(manifest.layers)
      : readLayersByPath(manifest.layers);
  const { files, archives, packed } = layers;
  checkDistinctPaths(files.map((file) => file.path));

  const named = [...files, ...packed];
  const weights = named.filter((file) => file.role === 'weights').sort((a, b) => (a.path < b.path ? -1 : 1));
  const gguf = weights.find((file) => file.path.endsWith('.gguf'));
  const first = gguf ?? weights[0];
  if (!first) throw new FormatError('it has no GGUF or safetensors weights');
  const projector = named.find((file) => file.role === 'projector')?.path;
  const chatTemplate = named.find((file) => file.role === 'chat-template')?.path;
  return {
    format: gguf ? 'gguf' : 'safetensors',
    files,
    archives,
    weights: first.path,
    ...(projector !== undefined && { projector }),
    ...(chatTemplate !== undefined && { chatTemplate }),
  };
}

interface Layers {
  readonly files: BundleFile[];
  readonly archives: BundleArchive[];
  /** Files that the annotations of archives promise to be inside. */
  readonly packed: Pick<BundleFile, 'path' | 'role'>[];
}

/** Docker v0.1: the layer type is the role, and the names are ours. */
function readLayersByType(layers: readonly Descriptor[]): Layers {
  const count = (type: string): number => layers.filter((layer) => layer.mediaType === type).length;
  const shards: Record<string, number> = {};
  const shardName = (layer: Descriptor, extension: string): string => {
    const number = (shards[extension] = (shards[extension] ?? 0) + 1);
    const total = count(layer.mediaType);
    return total === 1 ? `model.${extension}` : `model-${pad(number)}-of-${pad(total)}.${extension}`;
  };
  const files = layers.flatMap((layer): BundleFile[] => {
    switch (layer.mediaType) {
      case GGUF_LAYER:
        return [bundleFile(layer, shardName(layer, 'gguf'), 'weights')];
      case SAFETENSORS_LAYER:
        return [bundleFile(layer, shardName(layer, 'safetensors'), 'weights')];
      case PROJECTOR_LAYER:
        return [bundleFile(layer, 'model.mmproj', 'projector')];
      case CHAT_TEMPLATE_LAYER:
        return [bundleFile(layer, 'template.jinja', 'chat-template')];
      case MODEL_FILE_LAYER:
        return [bundleFile(layer, pathOf(layer), 'other')];
      case LICENSE_LAYER:
      case FOLDER_ARCHIVE_LAYER:
      case CONFIG_ARCHIVE_LAYER:
        return [];
      default:
        throw unknownLayer(layer);
    }
  });
  return { files, archives: layers.filter(isDockerArchive).map((layer) => bundleArchive(layer)), packed: [] };
}

/** Docker v0.2 and ModelPack: one layer a file, and an annotation says where it lies; or an archive of files. */
function readLayersByPath(layers: readonly Descriptor[]): Layers {
  const read: Layers = { files: [], archives: [], packed: [] };
  for (const layer of layers) {
    const packed = /\.tar(?:\+(\w+))?$/.exec(layer.mediaType);
    const compression = packed?.[1];
    if (/\+\w+$/.test(layer.mediaType) && compression !== 'gzip') throw unknownLayer(layer);
    if (packed) read.archives.push(bundleArchive(layer, compression === 'gzip'));
    if (packed && (isDockerArchive(layer) || layer.annotations[FILE_PATH_ANNOTATION] === undefined)) continue;
    const path = pathOf(layer);
    const role = roleOf(layer.mediaType, path);
    if (packed) read.packed.push({ path, role });
    else read.files.push(bundleFile(layer, path, role));
  }
  return read;
}

function isDockerArchive({ mediaType }: Descriptor): boolean {
  return mediaType === FOLDER_ARCHIVE_LAYER || mediaType === CONFIG_ARCHIVE_LAYER;
}

function pathOf(layer: Descriptor): string {
  const path = layer.annotations[FILE_PATH_ANNOTATION];
  if (path !== undefined) return checkFilePath(path);
  throw new FormatError(`a layer of type "${layer.mediaType}" has no "${FILE_PATH_ANNOTATION}" annotation`);
}

function bundleArchive({ digest, size }: Descriptor, gzip = false): BundleArchive {
  return { digest, size, gzip };
}

function roleOf(mediaType: string, path: string): Role {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (mediaType === PROJECTOR_LAYER) return 'projector';
  if (mediaType === CHAT_TEMPLATE_LAYER || name === 'chat_template.jinja') return 'chat-template';
  if (name.endsWith('.gguf')) return name.includes('mmproj') ? 'projector' : 'weights';
  const typed = [GGUF_LAYER, SAFETENSORS_LAYER, MODELPACK_GGUF_LAYER, MODELPACK_SAFETENSORS_LAYER];
  return name.endsWith('.safetensors') || typed.includes(mediaType) ? 'weights' : 'other';
}

function bundleFile(layer: Descriptor, path: string, role: Role): BundleFile {
  return { path, digest: layer.digest, size: layer.size, role };
}

function unknownLayer(layer: Descriptor): FormatError {
  return new FormatError(`it has a layer of type "${layer.mediaType}", which is not supported`);
}

function pad(number: number): string {
  return String(number).padStart(5, '0');
}
