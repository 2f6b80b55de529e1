import type { ModelReference } from '#contracts';
import type { Descriptor } from '../formats/manifest.js';
import {
  ModelSource,
  type BlobStream,
  type ByteRange,
  type ResolvedModel,
  type SourceAccess,
} from './model-source.js';

/** One source out of several: each reference goes to the one for its registry, else to the common one. */
export class RoutedSource extends ModelSource {
  /** @param special by registry, as references name it. */
  constructor(
    private readonly common: ModelSource,
    private readonly special: Readonly<Record<string, ModelSource>>,
  ) {
    super();
  }

  override async resolve(reference: ModelReference, access?: SourceAccess): Promise<ResolvedModel> {
    return this.for(reference).resolve(reference, access);
  }

  override async openBlob(
    model: ResolvedModel,
    blob: Descriptor,
    range: ByteRange,
    access?: SourceAccess,
  ): Promise<BlobStream> {
    return this.for(model.reference).openBlob(model, blob, range, access);
  }

  private for({ registry }: ModelReference): ModelSource {
    return (Object.hasOwn(this.special, registry) ? this.special[registry] : undefined) ?? this.common;
  }
}
