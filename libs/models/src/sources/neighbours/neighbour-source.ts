import type { ModelReference } from '#contracts';
import { digestOf, MANIFEST_LIMIT, parseManifest, type Descriptor } from '../../formats/manifest.js';
import {
  ModelSource,
  type BlobStream,
  type ByteRange,
  type ResolvedModel,
  type SourceAccess,
} from '../model-source.js';
import { discard, type RegistryResponse } from '../registry-exchange.js';
import { bodyBytes, sentRange } from '../registry-source.js';
import { TransientFailure } from '../retry.js';
import { SourceError } from '../source-error.js';
import type { Neighbour, NeighbourHttp } from './neighbour-http.js';

export interface NeighbourSourceOptions {
  readonly http: NeighbourHttp;
  /** The one model it is about: `sha256:` + 64 hex. */
  readonly id: string;
  /** In the order they are asked. */
  readonly neighbours: readonly Neighbour[];
  /** Asked when no neighbour is left. */
  readonly origin?: { readonly source: ModelSource; readonly reference: ModelReference };
  /** A neighbour that is not asked again, and why. */
  readonly onLost?: (neighbour: Neighbour, reason: string) => void;
}

/**
 * One model out of the stores of neighbours, with its origin as the last resort. A neighbour that fails, has not all
 * of it or sends wrong bytes is not asked again; what came from it before stays. Made for one pull.
 */
export class NeighbourSource extends ModelSource {
  private readonly lost = new Set<Neighbour>();
  /** Who has sent parts of which blob. */
  private readonly senders = new Map<string, Set<Neighbour>>();
  private atOrigin: Promise<ResolvedModel> | undefined;

  constructor(private readonly options: NeighbourSourceOptions) {
    super();
  }

  override async resolve(reference: ModelReference, access: SourceAccess = {}): Promise<ResolvedModel> {
    const { id, origin } = this.options;
    const bytes = await this.firstOf((neighbour) => this.manifestOf(neighbour, access), access);
    if (!bytes) return this.resolveAtOrigin(access);
    const known = { reference, digest: id, bytes, manifest: parseManifest(bytes) };
    return { ...known, origin: origin?.reference.name ?? '' };
  }

  override async openBlob(
    _model: ResolvedModel,
    blob: Descriptor,
    range: ByteRange,
    access: SourceAccess = {},
  ): Promise<BlobStream> {
    const stream = await this.firstOf((neighbour) => this.openAt(neighbour, blob, range, access), access);
    if (stream) return stream;
    const model = await this.resolveAtOrigin(access);
    return this.origin().source.openBlob(model, blob, range, access);
  }

  override distrust(_model: ResolvedModel, blob: Descriptor): boolean {
    const senders = [...(this.senders.get(blob.digest) ?? [])];
    this.senders.delete(blob.digest);
    for (const neighbour of senders) this.lose(neighbour, `it sent wrong bytes of ${blob.digest}`);
    return senders.length > 0;
  }

  /** Asks one after the other; undefined when the origin has to be asked. */
  private async firstOf<T>(
    ask: (neighbour: Neighbour) => Promise<T>,
    { signal }: SourceAccess,
  ): Promise<T | undefined> {
    let busy: TransientFailure | undefined;
    for (const neighbour of this.options.neighbours) {
      if (this.lost.has(neighbour)) continue;
      try {
        return await ask(neighbour);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof Busy) busy = error;
        else this.lose(neighbour, reasonOf(error));
      }
    }
    if (busy && !this.options.origin) throw busy;
    return undefined;
  }

  private async manifestOf(neighbour: Neighbour, access: SourceAccess): Promise<Buffer> {
    const { http, id } = this.options;
    const path = `v2/store/manifests/${id}`;
    const response = await http.get(neighbour, { path, signal: access.signal });
    await expectStatus(response, 200);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of bodyBytes(response, access)) {
      length += chunk.length;
      if (length > MANIFEST_LIMIT) break;
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    if (digestOf(bytes) !== id) throw new SourceError('failed', 'it sent another manifest');
    return bytes;
  }

  private async openAt(
    neighbour: Neighbour,
    blob: Descriptor,
    range: ByteRange,
    access: SourceAccess,
  ): Promise<BlobStream> {
    const response = await this.options.http.get(neighbour, {
      path: `v2/store/blobs/${blob.digest}`,
      headers: { range: `bytes=${range.start}-${range.end - 1}` },
      signal: access.signal,
    });
    await expectStatus(response, 200, 206);
    const sent = sentRange(response, blob);
    if (!sent || !('start' in sent) || sent.start !== range.start || sent.end > range.end) {
      await discard(response);
      throw new SourceError('failed', 'it sent other bytes than it was asked for');
    }
    const senders = this.senders.get(blob.digest) ?? new Set();
    this.senders.set(blob.digest, senders.add(neighbour));
    const bytes = this.watched(neighbour, bodyBytes(response, access), access);
    return { ...sent, bytes, exclusive: true };
  }

  private async *watched(
    neighbour: Neighbour,
    bytes: AsyncIterable<Buffer>,
    { signal }: SourceAccess,
  ): AsyncGenerator<Buffer> {
    try {
      yield* bytes;
    } catch (error) {
      signal?.throwIfAborted();
      this.lose(neighbour, reasonOf(error));
      throw error;
    }
  }

  private lose(neighbour: Neighbour, reason: string): void {
    if (this.lost.has(neighbour)) return;
    this.lost.add(neighbour);
    this.options.onLost?.(neighbour, reason);
  }

  private resolveAtOrigin(access: SourceAccess): Promise<ResolvedModel> {
    return (this.atOrigin ??= this.askOrigin(access).catch((error: unknown) => {
      this.atOrigin = undefined;
      throw error;
    }));
  }

  private async askOrigin(access: SourceAccess): Promise<ResolvedModel> {
    const { source, reference } = this.origin();
    const model = await source.resolve(reference, access);
    if (model.digest === this.options.id) return model;
    throw new SourceError('failed', `${reference.name} is another model by now.`);
  }

  private origin(): NonNullable<NeighbourSourceOptions['origin']> {
    const { origin, id } = this.options;
    if (origin) return origin;
    throw new SourceError('failed', `The files of ${id} are on no worker that can be asked.`);
  }
}

/** A neighbour that has enough to do. It may be asked again. */
class Busy extends TransientFailure {}

async function expectStatus(response: RegistryResponse, ...expected: readonly number[]): Promise<void> {
  if (expected.includes(response.status)) return;
  await discard(response);
  if (response.status === 503) throw new Busy(`${response.url.host} is busy`);
  throw new SourceError('failed', `it answered with status ${response.status}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
