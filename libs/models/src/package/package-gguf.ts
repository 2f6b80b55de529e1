import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describeGguf } from '../formats/describe-gguf.js';
import { digestOf, type Descriptor } from '../formats/manifest.js';
import {
  CHAT_TEMPLATE_LAYER,
  DOCKER_CONFIG_V01,
  GGUF_LAYER,
  LICENSE_LAYER,
  MANIFEST_TYPE,
} from '../formats/media-types.js';
import { readGgufHeader } from '../formats/read-gguf-header.js';
import type { Artifact, ArtifactBlob } from './artifact.js';

export interface PackageGguf {
  /** Path of the weights; must not change until the artifact has been stored or pushed. */
  readonly file: string;
  /** Path of a Jinja template that replaces the one inside the weights. */
  readonly chatTemplate?: string;
  /** Path of the licence text. */
  readonly license?: string;
  /** Part of the identity: the same files and the same date give the same model id. */
  readonly created: Date;
}

/**
 * Describes a GGUF file as a Docker model artifact (config v0.1), the form every Model Runner client can pull.
 * @throws FormatError when the file is not a GGUF file.
 */
export async function packageGguf({ file, chatTemplate, license, created }: PackageGguf): Promise<Artifact> {
  const config = describeGguf(await readGgufHeader(file));
  const layers = [await describeFile(file, GGUF_LAYER)];
  if (chatTemplate !== undefined) layers.push(await describeFile(chatTemplate, CHAT_TEMPLATE_LAYER));
  if (license !== undefined) layers.push(await describeFile(license, LICENSE_LAYER));

  const document = Buffer.from(
    JSON.stringify({
      config,
      descriptor: { created: created.toISOString() },
      rootfs: { type: 'rootfs', diff_ids: layers.map(({ descriptor }) => descriptor.digest) },
    }),
  );
  const configBlob: ArtifactBlob = {
    descriptor: {
      mediaType: DOCKER_CONFIG_V01,
      digest: digestOf(document),
      size: document.length,
      annotations: {},
    },
    content: document,
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: plain(configBlob.descriptor),
      layers: layers.map(({ descriptor }) => plain(descriptor)),
    }),
  );
  const blobs = new Map([configBlob, ...layers].map((blob) => [blob.descriptor.digest, blob]));
  return { id: digestOf(manifest), manifest, blobs: [...blobs.values()] };
}

async function describeFile(path: string, mediaType: string): Promise<ArtifactBlob> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  const { size } = await stat(path);
  const descriptor = { mediaType, digest: `sha256:${hash.digest('hex')}`, size, annotations: {} };
  return { descriptor, content: path };
}

function plain({ mediaType, digest, size }: Descriptor): Omit<Descriptor, 'annotations'> {
  return { mediaType, digest, size };
}
