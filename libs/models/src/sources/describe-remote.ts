import type { CatalogueModel, ModelReference } from '#contracts';
import { artifactSize, digestOf } from '../formats/manifest.js';
import { planBundle } from '../formats/plan-bundle.js';
import { readModelConfig } from '../formats/read-model-config.js';
import { explainFailure } from '../pull-failure.js';
import type { ModelSource, SourceAccess } from './model-source.js';
import { SourceError } from './source-error.js';

/** A model that nobody has pulled, as its manifest and its config document describe it. */
export type RemoteModel = Omit<CatalogueModel, 'tags'>;

/** Describes a model without downloading it. @throws SourceError; the signal's reason */
export async function describeRemote(
  source: ModelSource,
  reference: ModelReference,
  access: SourceAccess = {},
): Promise<RemoteModel> {
  try {
    const resolved = await source.resolve(reference, access);
    const { digest, size, mediaType } = resolved.manifest.config;
    const whole = { start: 0, end: size };
    const { bytes } = await source.openBlob(resolved, resolved.manifest.config, whole, access);
    const chunks: Buffer[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    const document = Buffer.concat(chunks);
    if (digestOf(document) !== digest) {
      throw new SourceError('failed', `The config document of "${reference.name}" arrived damaged.`);
    }
    const { config, created } = readModelConfig(document, mediaType);
    const { format } = planBundle(resolved.manifest);
    return {
      id: resolved.digest,
      created,
      config: { ...config, format: config.format ?? format },
      size: artifactSize(resolved.manifest),
      origin: resolved.origin,
    };
  } catch (error) {
    access.signal?.throwIfAborted();
    throw explainFailure(error, { reference });
  }
}
