import { createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelReference } from '#contracts';
import { digestOf, parseManifest, type Descriptor } from '../formats/manifest.js';
import type { Artifact } from '../package/artifact.js';
import {
  ModelSource,
  type BlobStream,
  type ByteRange,
  type ResolvedModel,
  type SourceAccess,
} from '../sources/model-source.js';

/** Models that lie in a folder: a file for each blob and one for each manifest, named for the tag. */
export class DirectorySource extends ModelSource {
  constructor(private readonly folder: string) {
    super();
  }

  override async resolve(reference: ModelReference): Promise<ResolvedModel> {
    const bytes = await readFile(join(this.folder, reference.tag ?? ''));
    const digest = digestOf(bytes);
    return { reference, digest, bytes, manifest: parseManifest(bytes), origin: `directory/${digest}` };
  }

  override async openBlob(
    _model: ResolvedModel,
    blob: Descriptor,
    range: ByteRange,
    _access?: SourceAccess,
  ): Promise<BlobStream> {
    const { start, end } = range;
    const bytes = createReadStream(join(this.folder, fileOf(blob.digest)), { start, end: end - 1 });
    return { start, end, bytes: bytes as AsyncIterable<Buffer> };
  }
}

/** Puts an artifact where a {@link DirectorySource} finds it under a tag. */
export async function publishInDirectory(folder: string, tag: string, artifact: Artifact): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { descriptor, content } of artifact.blobs) {
    await writeFile(join(folder, fileOf(descriptor.digest)), content);
  }
  await writeFile(join(folder, tag), artifact.manifest);
}

function fileOf(digest: string): string {
  return digest.replace(':', '-');
}
