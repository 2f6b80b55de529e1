import { describeGguf } from '../formats/describe-gguf.js';
import {
  CHAT_TEMPLATE_LAYER,
  DOCKER_CONFIG_V01,
  GGUF_LAYER,
  LICENSE_LAYER,
  PROJECTOR_LAYER,
} from '../formats/media-types.js';
import { mergeGgufHeaders } from '../formats/merge-gguf-headers.js';
import { readGgufHeader } from '../formats/read-gguf-header.js';
import type { Artifact, ArtifactBlob } from './artifact.js';
import { assembleArtifact } from './assemble-artifact.js';
import { checkContextSize } from './check-context-size.js';
import { describeFile } from './describe-file.js';
import { findShards } from './find-shards.js';

export interface PackageGguf {
  /** Path of the weights, of any shard when there are several; must not change until the artifact has been stored or pushed. */
  readonly file: string;
  /** Path of a multimodal projector, a GGUF file too. */
  readonly projector?: string;
  /** Path of a Jinja template that replaces the one inside the weights. */
  readonly chatTemplate?: string;
  /** Paths of licence texts. */
  readonly license?: string | readonly string[];
  /** Tokens the model is to be run with, instead of those it was trained for. */
  readonly contextSize?: number;
  /** Part of the identity: the same files and the same date give the same model id. */
  readonly created: Date;
  readonly signal?: AbortSignal;
}

/**
 * Describes GGUF weights as a Docker model artifact (config v0.1), the form every Model Runner client can pull. The
 * other shards are found beside the one that is named.
 * @throws FormatError when a file is not what it is said to be or a shard is missing; the signal's reason.
 */
export async function packageGguf(options: PackageGguf): Promise<Artifact> {
  checkContextSize(options.contextSize);
  const shards = await findShards(options.file);
  const header = mergeGgufHeaders(await Promise.all(shards.map((shard) => readGgufHeader(shard))));
  if (options.projector !== undefined) await readGgufHeader(options.projector);
  const config = describeGguf(header);
  return assembleArtifact({
    configType: DOCKER_CONFIG_V01,
    config: { ...config, ...(options.contextSize !== undefined && { context_size: options.contextSize }) },
    layers: await describeLayers(shards, options),
    created: options.created,
  });
}

async function describeLayers(shards: readonly string[], options: PackageGguf): Promise<ArtifactBlob[]> {
  const { projector, chatTemplate, license = [], signal } = options;
  const files: [mediaType: string, file: string][] = shards.map((shard) => [GGUF_LAYER, shard]);
  if (projector !== undefined) files.push([PROJECTOR_LAYER, projector]);
  if (chatTemplate !== undefined) files.push([CHAT_TEMPLATE_LAYER, chatTemplate]);
  for (const text of [license].flat()) files.push([LICENSE_LAYER, text]);
  const layers: ArtifactBlob[] = [];
  for (const [mediaType, file] of files) {
    layers.push(await describeFile({ file, mediaType, ...(signal && { signal }) }));
  }
  return layers;
}
