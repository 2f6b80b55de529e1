import type { ModelReference, ProgressLine } from '#contracts';
import { MANIFEST_TYPE } from '../formats/media-types.js';
import type { Artifact, ArtifactBlob } from '../package/artifact.js';
import { ProgressReporter } from '../pull-progress.js';
import type { SourceAccess } from './model-source.js';
import type { RegistryHttp } from './registry-http.js';
import { RegistryWriter } from './registry-writer.js';
import { uploadBlob } from './upload-blob.js';

export interface PushArtifact {
  readonly http: RegistryHttp;
  readonly artifact: Artifact;
  /** Where to; a reference with a tag, or with the digest of the artifact. */
  readonly reference: ModelReference;
  readonly access?: SourceAccess;
  /** Repositories of the same registry that may have the blobs already. */
  readonly mountFrom?: readonly string[];
  /** Most bytes of one request, for registries behind servers that take no large ones; whole blobs when absent. */
  readonly chunkSize?: number;
  readonly onProgress?: (line: ProgressLine) => void;
}

const PARALLEL_BLOBS = 5;

/**
 * Puts an artifact into a registry: layers it lacks first, then the config, the manifest last, so that nobody ever
 * pulls half a model. Blobs that are there, or that the registry can take from another repository, are not sent.
 * @throws SourceError; the signal's reason when aborted.
 */
export async function pushArtifact(push: PushArtifact): Promise<void> {
  const { artifact, access = {} } = push;
  const [config, ...layers] = artifact.blobs;
  const stop = new AbortController();
  const signal = access.signal ? AbortSignal.any([access.signal, stop.signal]) : stop.signal;
  const writer = new RegistryWriter(push.http, push.reference, { ...access, signal });
  const waiting = [...layers];
  const putNext = async (): Promise<void> => {
    for (let blob = waiting.shift(); blob; blob = waiting.shift()) await putBlob(writer, blob, push);
  };
  // The first failure stops the others, and nothing is still being sent when it is reported.
  let failure: { readonly error: unknown } | undefined;
  const lanes = Array.from({ length: PARALLEL_BLOBS }, () =>
    putNext().catch((error: unknown) => {
      failure ??= { error };
      stop.abort();
    }),
  );
  await Promise.all(lanes);
  access.signal?.throwIfAborted();
  if (failure) throw failure.error;
  if (config) await putBlob(writer, config, push);
  await putManifest(writer, artifact.manifest);
}

async function putBlob(writer: RegistryWriter, blob: ArtifactBlob, push: PushArtifact): Promise<void> {
  const { descriptor } = blob;
  const reporter = new ProgressReporter({
    total: descriptor.size,
    emit: push.onProgress ?? ((): void => undefined),
    now: () => performance.now(),
    verb: 'Uploaded',
  });
  await writer.retrying(() =>
    uploadBlob({
      writer,
      blob,
      mountFrom: push.mountFrom ?? [],
      ...(push.chunkSize !== undefined && { chunkSize: push.chunkSize }),
      onProgress: (bytes) => reporter.report(descriptor, bytes),
    }),
  );
}

async function putManifest(writer: RegistryWriter, manifest: Buffer): Promise<void> {
  const { tag, digest } = writer.reference;
  const headers = { 'content-type': MANIFEST_TYPE };
  await writer.retrying(() =>
    writer.send({ method: 'PUT', target: `manifests/${tag ?? digest}`, headers, body: manifest }, [201]),
  );
}
