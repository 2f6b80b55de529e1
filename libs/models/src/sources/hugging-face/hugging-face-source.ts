import type { ModelReference } from '#contracts';
import { checkDistinctPaths, checkFilePath } from '../../formats/file-path.js';
import { FormatError } from '../../formats/format-error.js';
import { digestOf, parseManifest, type Descriptor } from '../../formats/manifest.js';
import { DOCKER_CONFIG_V01, DOCKER_CONFIG_V02, FILE_PATH_ANNOTATION } from '../../formats/media-types.js';
import { assembleArtifact } from '../../package/assemble-artifact.js';
import {
  ModelSource,
  type BlobStream,
  type ByteRange,
  type ResolvedModel,
  type SourceAccess,
} from '../model-source.js';
import { SourceError, unusable } from '../source-error.js';
import { chooseFiles, type ChosenFiles } from './choose-files.js';
import { WeightsDescriber } from './describe-weights.js';
import type { HubFile } from './hub-file.js';
import type { HubHttp } from './hub-http.js';
import { HubRepository } from './hub-repository.js';
import { SmallFiles } from './small-files.js';

/** Where the bytes of a model's blobs are, by digest: in memory or in the repository. */
interface HubModel {
  readonly repository: HubRepository;
  readonly contents: ReadonlyMap<string, Buffer | HubFile>;
}

interface Assemble {
  readonly reference: ModelReference;
  readonly repository: HubRepository;
  readonly chosen: ChosenFiles;
  readonly small: SmallFiles;
}

/**
 * Models in repositories of the Hugging Face Hub, shown as artifacts: the same files at the same commit have the same
 * model id everywhere. A tag is a quantization, a revision a commit, branch or git tag. See `design.md`.
 */
export class HuggingFaceSource extends ModelSource {
  private readonly describer = new WeightsDescriber();
  private readonly models = new WeakMap<ResolvedModel, HubModel>();

  constructor(private readonly http: HubHttp) {
    super();
  }

  override async resolve(reference: ModelReference, access: SourceAccess = {}): Promise<ResolvedModel> {
    const { repository: name, tag = 'latest', revision = 'main' } = reference;
    if (reference.digest !== undefined) {
      throw new SourceError(
        'invalid',
        `"${reference.name}" cannot be pulled: Hugging Face knows commits and no digests. Name it ${name}:QUANTIZATION@COMMIT.`,
      );
    }
    try {
      const repository = await HubRepository.open(this.http, name, revision, access);
      const listing = await repository.list();
      const small = new SmallFiles(repository);
      const read = (file: HubFile): Promise<Buffer> => small.read(file);
      const chosen = await chooseFiles({ repository: repository.name, listing, tag, read });
      return await this.assemble({ reference, repository, chosen, small });
    } catch (error) {
      throw error instanceof FormatError ? unusable(reference, error) : error;
    }
  }

  override async openBlob(
    model: ResolvedModel,
    blob: Descriptor,
    range: ByteRange,
    access: SourceAccess = {},
  ): Promise<BlobStream> {
    const known = this.models.get(model);
    const content = known?.contents.get(blob.digest);
    if (!known || content === undefined) {
      throw new SourceError('failed', `"${model.reference.name}" has no part ${blob.digest}.`);
    }
    if (!Buffer.isBuffer(content)) return known.repository.open(content, range, access);
    return { ...range, bytes: once(content.subarray(range.start, range.end)) };
  }

  private async assemble({ reference, repository, chosen, small }: Assemble): Promise<ResolvedModel> {
    checkDistinctPaths(chosen.files.map(({ file }) => checkFilePath(file.path)));
    const contents = new Map<string, Buffer | HubFile>();
    const layers: { readonly descriptor: Descriptor; readonly content: Buffer | string }[] = [];
    for (const { file, mediaType } of chosen.files) {
      const content = file.digest === undefined ? await small.read(file) : file;
      const digest = Buffer.isBuffer(content) ? digestOf(content) : (file.digest ?? '');
      contents.set(digest, content);
      const annotations: Record<string, string> =
        chosen.format === 'gguf' ? {} : { [FILE_PATH_ANNOTATION]: file.path };
      layers.push({ descriptor: { mediaType, digest, size: file.size, annotations }, content: file.path });
    }
    const { id, manifest, blobs } = assembleArtifact({
      configType: chosen.format === 'gguf' ? DOCKER_CONFIG_V01 : DOCKER_CONFIG_V02,
      config: await this.describer.describe(repository, chosen, small),
      layers,
      created: repository.lastModified,
    });
    for (const { descriptor, content } of blobs) {
      if (Buffer.isBuffer(content)) contents.set(descriptor.digest, content);
    }
    const pinned = `${reference.registry}/${reference.repository}:${reference.tag}@${repository.commit}`;
    const model = {
      reference,
      digest: id,
      bytes: manifest,
      manifest: parseManifest(manifest),
      origin: pinned,
    };
    this.models.set(model, { repository, contents });
    return model;
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes;
}
