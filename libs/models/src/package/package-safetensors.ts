import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig } from '#contracts';
import { describeSafetensors } from '../formats/describe-safetensors.js';
import { checkFilePath } from '../formats/file-path.js';
import { FormatError } from '../formats/format-error.js';
import { parseJson } from '../formats/json.js';
import {
  CHAT_TEMPLATE_LAYER,
  DOCKER_CONFIG_V02,
  GGUF_LAYER,
  LICENSE_LAYER,
  MODEL_FILE_LAYER,
  SAFETENSORS_LAYER,
} from '../formats/media-types.js';
import { readSafetensorsHeader } from '../formats/read-safetensors-header.js';
import type { Artifact, ArtifactBlob } from './artifact.js';
import { assembleArtifact } from './assemble-artifact.js';
import { checkContextSize } from './check-context-size.js';
import { describeFile } from './describe-file.js';

export interface PackageSafetensors {
  /** Folder with the weights and everything that belongs to them; must not change until the artifact has been stored or pushed. */
  readonly directory: string;
  /** Tokens the model is to be run with, instead of those it was trained for. */
  readonly contextSize?: number;
  /** Part of the identity: the same files and the same date give the same model id. */
  readonly created: Date;
  readonly signal?: AbortSignal;
}

/** Longest `config.json` that is read; bytes. */
const CONFIGURATION_LIMIT = 16 * 1024 * 1024;
const FILES_LIMIT = 10_000;

/**
 * Describes a folder of safetensors weights as a Docker model artifact (config v0.2): one layer a file, under the path
 * it has in the folder. What begins with a dot is left out, and so are links to folders.
 * @throws FormatError when there are no weights or a file is not what its name says; the signal's reason.
 */
export async function packageSafetensors(options: PackageSafetensors): Promise<Artifact> {
  const { directory, contextSize, created, signal } = options;
  checkContextSize(contextSize);
  const paths = await listFiles(directory);
  const config = await describeFolder(directory, paths);
  const layers: ArtifactBlob[] = [];
  for (const path of paths) {
    const file = { file: join(directory, path), mediaType: mediaTypeOf(path), path };
    layers.push(await describeFile({ ...file, ...(signal && { signal }) }));
  }
  return assembleArtifact({
    configType: DOCKER_CONFIG_V02,
    config: { ...config, ...(contextSize !== undefined && { context_size: contextSize }) },
    layers,
    created,
  });
}

/** The type of the layer that carries a file of this path. */
export function mediaTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (name.endsWith('.safetensors')) return SAFETENSORS_LAYER;
  if (name.endsWith('.gguf')) return GGUF_LAYER;
  if (name.endsWith('.jinja')) return CHAT_TEMPLATE_LAYER;
  if (/^(?:licen[cs]e|copying|notice)(?:[._-].*)?$/.test(name)) return LICENSE_LAYER;
  return MODEL_FILE_LAYER;
}

/** Paths below the folder, in an order that is the same everywhere. */
async function listFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) folders.push(`${path}/`);
      else if ((await stat(join(directory, path))).isFile()) paths.push(checkFilePath(path));
      if (paths.length + folders.length > FILES_LIMIT)
        throw new FormatError(`the folder ${directory} holds more than ${FILES_LIMIT} files`);
    }
  }
  return paths.sort((a, b) => (a < b ? -1 : 1));
}

async function describeFolder(directory: string, paths: readonly string[]): Promise<ModelConfig> {
  const weights = paths.filter((path) => path.endsWith('.safetensors'));
  if (weights.length === 0) throw new FormatError(`the folder ${directory} holds no safetensors files`);
  const headers = await Promise.all(
    weights.map(async (path) => {
      try {
        return await readSafetensorsHeader(join(directory, path));
      } catch (error) {
        if (error instanceof FormatError) throw new FormatError(`"${path}" cannot be used: ${error.message}`);
        throw error;
      }
    }),
  );
  const configuration = paths.includes('config.json') ? await readConfiguration(directory) : {};
  return describeSafetensors(headers, configuration);
}

async function readConfiguration(directory: string): Promise<Record<string, unknown>> {
  const file = join(directory, 'config.json');
  if ((await stat(file)).size > CONFIGURATION_LIMIT) throw new FormatError('"config.json" is too long');
  return parseJson(await readFile(file), '"config.json"');
}
