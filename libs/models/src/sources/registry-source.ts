import type { ModelReference } from '#contracts';
import { FormatError } from '../formats/format-error.js';
import { MANIFEST_LIMIT, digestOf, parseManifest, type Descriptor } from '../formats/manifest.js';
import { INDEX_TYPES, MANIFEST_TYPE } from '../formats/media-types.js';
import { ModelSource, type ResolvedModel, type SourceAccess } from './model-source.js';
import { unauthorized } from './registry-authorization.js';
import { discard, networkFailure, type RegistryHttp, type RegistryResponse } from './registry-http.js';
import { SourceError } from './source-error.js';

const ACCEPTED = [MANIFEST_TYPE, 'application/vnd.docker.distribution.manifest.v2+json', ...INDEX_TYPES].join(
  ', ',
);

/** Models in OCI registries. The connection belongs to whoever made it. */
export class RegistrySource extends ModelSource {
  constructor(private readonly http: RegistryHttp) {
    super();
  }

  override async resolve(reference: ModelReference, access: SourceAccess = {}): Promise<ResolvedModel> {
    const bytes = await this.http.retrying(reference.registry, access.signal, () =>
      this.fetchManifest(reference, access),
    );
    const digest = digestOf(bytes);
    if (reference.digest !== undefined && reference.digest !== digest) {
      throw new SourceError(
        'failed',
        `The registry ${reference.registry} sent another manifest than the one asked for.`,
      );
    }
    const origin = `${reference.registry}/${reference.repository}@${digest}`;
    try {
      return { reference, digest, bytes, manifest: parseManifest(bytes), origin };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new SourceError('unsupported', `"${reference.name}" cannot be used: ${error.message}.`, {
        cause: error,
      });
    }
  }

  override async openBlob(
    model: ResolvedModel,
    blob: Descriptor,
    offset: number,
    access: SourceAccess = {},
  ): Promise<AsyncIterable<Buffer>> {
    const { registry, repository } = model.reference;
    const response = await this.http.send({
      registry,
      repository,
      actions: 'pull',
      method: 'GET',
      target: `blobs/${blob.digest}`,
      ...(offset > 0 && { headers: { range: `bytes=${offset}-` } }),
      access,
    });
    if (response.status === 200) return blobBytes(response, offset, access);
    const range = response.headers['content-range'] ?? '';
    if (response.status === 206 && offset > 0 && range.startsWith(`bytes ${offset}-`)) {
      return blobBytes(response, 0, access);
    }
    await discard(response);
    throw statusError(
      response,
      new SourceError(
        'failed',
        `The registry ${registry} does not have all parts of "${model.reference.name}".`,
      ),
    );
  }

  private async fetchManifest(reference: ModelReference, access: SourceAccess): Promise<Buffer> {
    const response = await this.http.send({
      registry: reference.registry,
      repository: reference.repository,
      actions: 'pull',
      method: 'GET',
      target: `manifests/${reference.digest ?? reference.tag}`,
      headers: { accept: ACCEPTED },
      access,
    });
    if (response.status === 200) return readManifestBytes(response, reference, access);
    await discard(response);
    throw statusError(response, new SourceError('not-found', 'Model not found'));
  }
}

/** What a status other than success means; `missing` is the meaning of 404. */
export function statusError(response: RegistryResponse, missing: SourceError): SourceError {
  if (response.status === 401 || response.status === 403) return unauthorized();
  if (response.status === 404) return missing;
  return new SourceError('failed', `${response.url.host} answered with status ${response.status}.`);
}

async function readManifestBytes(
  response: RegistryResponse,
  reference: ModelReference,
  access: SourceAccess,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of blobBytes(response, 0, access)) {
    length += chunk.length;
    if (length > MANIFEST_LIMIT) {
      throw new SourceError('unsupported', `"${reference.name}" cannot be used: its manifest is too long.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body without its first `skip` bytes: servers that ignore ranges send everything. */
async function* blobBytes(
  response: RegistryResponse,
  skip: number,
  access: SourceAccess,
): AsyncGenerator<Buffer> {
  let left = skip;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      if (left >= chunk.length) left -= chunk.length;
      else {
        yield left > 0 ? chunk.subarray(left) : chunk;
        left = 0;
      }
    }
  } catch (error) {
    access.signal?.throwIfAborted();
    throw networkFailure(error, response.url.host);
  } finally {
    response.body.destroy();
  }
}
