import { createHash } from 'node:crypto';
import { FormatError } from './format-error.js';
import { isRecord, parseJson } from './json.js';
import { INDEX_TYPES } from './media-types.js';

/** What a manifest says of one blob. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` + 64 hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The checked content of an OCI image manifest. */
export interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Longest manifest that is read; bytes. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** Longest config document that is read; bytes. */
const CONFIG_LIMIT = 16 * 1024 * 1024;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and 64 hex digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Reads manifest bytes that came from outside. Every descriptor of the result has a SHA-256 digest and a size that
 * is a whole number, and all sizes together are a safe integer.
 * @throws FormatError
 */
export function parseManifest(bytes: Buffer): Manifest {
  if (bytes.length > MANIFEST_LIMIT)
    throw new FormatError(`the manifest is longer than ${MANIFEST_LIMIT} bytes`);
  const document = parseJson(bytes, 'the manifest');
  if (typeof document['mediaType'] === 'string' && INDEX_TYPES.includes(document['mediaType'])) {
    throw new FormatError('it is an index of several images, not a model');
  }
  if (document['schemaVersion'] !== 2) throw new FormatError('the manifest is not of schema version 2');
  const layers: unknown = document['layers'];
  if (!Array.isArray(layers) || layers.length === 0) throw new FormatError('the manifest lists no layers');

  const manifest = {
    config: readDescriptor(document['config'], 'config'),
    layers: layers.map((layer: unknown, index) => readDescriptor(layer, `layers[${index}]`)),
  };
  if (manifest.config.size > CONFIG_LIMIT) {
    throw new FormatError(`the config document is longer than ${CONFIG_LIMIT} bytes`);
  }
  if (!Number.isSafeInteger(artifactSize(manifest)))
    throw new FormatError('the manifest states impossible sizes');
  return manifest;
}

/** Each blob once, config first: two layers may be the same bytes. */
export function blobsOf(manifest: Manifest): Descriptor[] {
  const blobs = new Map([manifest.config, ...manifest.layers].map((blob) => [blob.digest, blob]));
  return [...blobs.values()];
}

/** Bytes of all blobs together. */
export function artifactSize(manifest: Manifest): number {
  return blobsOf(manifest).reduce((sum, blob) => sum + blob.size, 0);
}

function readDescriptor(value: unknown, where: string): Descriptor {
  if (!isRecord(value)) throw new FormatError(`the manifest's ${where} is not a descriptor`);
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string') throw new FormatError(`the manifest's ${where} has no media type`);
  if (typeof digest !== 'string' || !DIGEST.test(digest)) {
    throw new FormatError(`the manifest's ${where} has no SHA-256 digest`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new FormatError(`the manifest's ${where} has no valid size`);
  }
  return { mediaType, digest, size, annotations: readAnnotations(value['annotations']) };
}

function readAnnotations(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
