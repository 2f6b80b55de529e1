import { readFile } from 'node:fs/promises';
import type { ModelConfig } from '#contracts';
import { describeGguf } from '../formats/describe-gguf.js';
import { FormatError } from '../formats/format-error.js';
import { artifactSize, digestOf, parseManifest, type Manifest } from '../formats/manifest.js';
import { MODELPACK_CONFIG } from '../formats/media-types.js';
import { planBundle } from '../formats/plan-bundle.js';
import { readGgufHeader } from '../formats/read-gguf-header.js';
import { readModelConfig, type DescribedModel } from '../formats/read-model-config.js';
import { ifPresent } from './durable-files.js';
import type { StoreLayout } from './store-layout.js';
import type { StoredModel } from './stored-model.js';

/** Reads models out of their manifests. What never changes for an id is remembered. */
export class ModelReader {
  private readonly known = new Map<string, Promise<DescribedModel | undefined>>();

  constructor(private readonly layout: StoreLayout) {}

  /** Undefined when the model is not there, or so damaged that it has to be pulled again. */
  async read(id: string, tags: readonly string[]): Promise<StoredModel | undefined> {
    const bytes = await ifPresent(readFile(this.layout.manifest(id)));
    if (!bytes || digestOf(bytes) !== id) {
      this.known.delete(id);
      return undefined;
    }
    const manifest = parseManifest(bytes);
    const described = await ifPresent(this.describe(id, manifest));
    if (!described) return undefined;
    const origin = (await ifPresent(readFile(this.layout.origin(id), 'utf8')))?.trim() ?? '';
    return { id, tags, ...described, size: artifactSize(manifest), origin, manifest };
  }

  private describe(id: string, manifest: Manifest): Promise<DescribedModel | undefined> {
    const known = this.known.get(id);
    if (known) return known;
    const described = this.readDescription(manifest);
    this.known.set(id, described);
    described.then(
      (model) => model ?? this.known.delete(id),
      () => this.known.delete(id),
    );
    return described;
  }

  private async readDescription(manifest: Manifest): Promise<DescribedModel | undefined> {
    const bytes = await readFile(this.layout.blob(manifest.config.digest));
    if (digestOf(bytes) !== manifest.config.digest) return undefined;
    const { created, config } = readModelConfig(bytes, manifest.config.mediaType);
    return { created, config: { ...(await this.missingFrom(manifest, config)), ...config } };
  }

  /** ModelPack says less than clients want to see: the rest stands in the weights. */
  private async missingFrom(manifest: Manifest, config: ModelConfig): Promise<ModelConfig> {
    const plan = planBundle(manifest);
    const weights = plan.files.find((file) => file.path === plan.weights);
    if (plan.format !== 'gguf' || !weights || manifest.config.mediaType !== MODELPACK_CONFIG) {
      return { format: config.format ?? plan.format };
    }
    try {
      return describeGguf(await readGgufHeader(this.layout.blob(weights.digest)));
    } catch (error) {
      if (error instanceof FormatError) return { format: 'gguf' };
      throw error;
    }
  }
}
