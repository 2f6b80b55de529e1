import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ModelReference } from '#contracts';
import { MANIFEST_TYPE } from '../formats/media-types.js';
import type { Artifact, ArtifactBlob } from '../package/artifact.js';
import type { SourceAccess } from './model-source.js';
import { discard, type RegistryHttp, type RegistryRequest, type RegistryResponse } from './registry-http.js';
import { statusError } from './registry-source.js';
import { SourceError } from './source-error.js';

export interface PushArtifact {
  readonly http: RegistryHttp;
  readonly artifact: Artifact;
  /** Where to; a reference with a tag. */
  readonly reference: ModelReference;
  readonly access?: SourceAccess;
}

/**
 * Puts an artifact into a registry: blobs it lacks first, the manifest last, so that nobody ever pulls half a model.
 * @throws SourceError; the signal's reason when aborted.
 */
export async function pushArtifact({ http, artifact, reference, access = {} }: PushArtifact): Promise<void> {
  const registry = new RegistryWriter(http, reference, access);
  for (const blob of artifact.blobs) {
    await http.retrying(reference.registry, access.signal, () => registry.putBlob(blob));
  }
  await registry.putManifest(artifact.manifest);
}

class RegistryWriter {
  constructor(
    private readonly http: RegistryHttp,
    private readonly reference: ModelReference,
    private readonly access: SourceAccess,
  ) {}

  async putBlob({ descriptor, content }: ArtifactBlob): Promise<void> {
    const found = await this.send({ method: 'HEAD', target: `blobs/${descriptor.digest}` }, [200, 404]);
    if (found.status === 200) return;
    // An answer to this request also means that the upload below is authorized: its body can be sent only once.
    const upload = await this.send(
      { method: 'POST', target: 'blobs/uploads/', headers: { 'content-length': '0' }, body: Buffer.alloc(0) },
      [202],
    );
    const body = typeof content === 'string' ? createReadStream(content) : Readable.from([content]);
    try {
      await this.send(
        {
          method: 'PUT',
          target: uploadTarget(upload, descriptor.digest),
          headers: { 'content-type': 'application/octet-stream', 'content-length': String(descriptor.size) },
          body,
        },
        [201],
      );
    } finally {
      body.destroy();
    }
  }

  async putManifest(bytes: Buffer): Promise<void> {
    const target = `manifests/${this.reference.tag ?? this.reference.digest}`;
    await this.send(
      { method: 'PUT', target, headers: { 'content-type': MANIFEST_TYPE }, body: bytes },
      [201],
    );
  }

  private async send(
    part: Pick<RegistryRequest, 'method' | 'target' | 'headers' | 'body'>,
    expected: readonly number[],
  ): Promise<RegistryResponse> {
    const { registry, repository } = this.reference;
    const response = await this.http.send({
      registry,
      repository,
      actions: 'pull,push',
      access: this.access,
      ...part,
    });
    await discard(response);
    if (expected.includes(response.status)) return response;
    throw statusError(
      response,
      new SourceError('failed', `The registry ${registry} takes no uploads for ${repository}.`),
    );
  }
}

/** Where a registry wants the bytes: relative or absolute, with or without state in the query. */
function uploadTarget(response: RegistryResponse, digest: string): URL {
  const location = response.headers['location'];
  if (location === undefined || !URL.canParse(location, response.url.href)) {
    throw new SourceError('failed', `${response.url.host} does not say where an upload goes.`);
  }
  const target = new URL(location, response.url);
  target.searchParams.set('digest', digest);
  return target;
}
