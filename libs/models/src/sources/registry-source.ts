import type { ModelReference } from '#contracts';
import { FormatError } from '../formats/format-error.js';
import { MANIFEST_LIMIT, digestOf, parseManifest, type Descriptor } from '../formats/manifest.js';
import { INDEX_TYPES, MANIFEST_TYPE } from '../formats/media-types.js';
import {
  ModelSource,
  type BlobStream,
  type ByteRange,
  type ResolvedModel,
  type SourceAccess,
} from './model-source.js';
import { unauthorized } from './registry-authorization.js';
import { networkFailure } from './registry-failure.js';
import { discard, type RegistryHttp, type RegistryResponse } from './registry-http.js';
import { SourceError, unusable } from './source-error.js';

const ACCEPTED = [MANIFEST_TYPE, 'application/vnd.docker.distribution.manifest.v2+json', ...INDEX_TYPES].join(
  ', ',
);

/** Models in OCI registries. The connection belongs to whoever made it. */
export class RegistrySource extends ModelSource {
  constructor(private readonly http: RegistryHttp) {
    super();
  }

  override async resolve(reference: ModelReference, access: SourceAccess = {}): Promise<ResolvedModel> {
    const bytes = await this.http.retrying(reference.registry, access, () =>
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
      throw error instanceof FormatError ? unusable(reference, error) : error;
    }
  }

  override async openBlob(
    model: ResolvedModel,
    blob: Descriptor,
    { start, end }: ByteRange,
    access: SourceAccess = {},
  ): Promise<BlobStream> {
    const { registry, repository, name } = model.reference;
    const whole = start === 0 && end === blob.size;
    const response = await this.http.attempt({
      registry,
      repository,
      actions: 'pull',
      method: 'GET',
      target: `blobs/${blob.digest}`,
      ...(!whole && { headers: { range: `bytes=${start}-${end - 1}` } }),
      access,
    });
    const sent = response.status < 300 || response.status === 416 ? sentRange(response, blob) : undefined;
    if (sent && 'start' in sent) return { ...sent, bytes: bodyBytes(response, access), exclusive: true };
    await discard(response);
    if (sent) throw new SourceError('failed', `A part of the model (${blob.digest}) is ${sent.problem}.`);
    throw statusError(
      response,
      new SourceError('failed', `The registry ${registry} does not have all parts of "${name}".`),
    );
  }

  private async fetchManifest(reference: ModelReference, access: SourceAccess): Promise<Buffer> {
    const response = await this.http.attempt({
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
function statusError(response: RegistryResponse, missing: SourceError): SourceError {
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
  for await (const chunk of bodyBytes(response, access)) {
    length += chunk.length;
    if (length > MANIFEST_LIMIT) {
      throw new SourceError('unsupported', `"${reference.name}" cannot be used: its manifest is too long.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Which bytes of a blob an answer carries, by its headers; or how they contradict the manifest. */
export function sentRange(
  { status, headers }: RegistryResponse,
  blob: Descriptor,
): ByteRange | { readonly problem: string } | undefined {
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const length = status === 200 ? headers['content-length'] : range?.[3];
  if (length !== undefined && /^\d+$/.test(length) && Number(length) !== blob.size) {
    return { problem: `${Number(length) > blob.size ? 'longer' : 'shorter'} than its manifest says` };
  }
  if (status === 200) return { start: 0, end: blob.size };
  if (status !== 206 || range?.[1] === undefined) return undefined;
  return { start: Number(range[1]), end: Number(range[2]) + 1 };
}

/** The bytes of an answer, once; a broken connection is a failure that another try may mend. */
export async function* bodyBytes(response: RegistryResponse, access: SourceAccess): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    access.signal?.throwIfAborted();
    throw networkFailure(error, response.url.host);
  } finally {
    response.body.destroy();
  }
}
