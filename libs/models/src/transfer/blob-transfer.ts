import type { BlobStream, ByteRange } from '../sources/model-source.js';
import type { PartialPlace } from '../store/store-layout.js';
import { ConnectionBudget } from './connection-budget.js';
import { fillBlob } from './fill-blob.js';
import { PartialFile } from './partial-file.js';
import { startPrefixHash } from './prefix-hash.js';
import { DamagedBlob } from './transfer-error.js';
import { DEFAULT_TRANSFER, type TransferSettings } from './transfer-settings.js';

export interface FetchBlob {
  /** `sha256:` + hex, and bytes. */
  readonly blob: { readonly digest: string; readonly size: number };
  readonly place: PartialPlace;
  /** One try to open a range; see `ModelSource.openBlob`. */
  readonly open: (range: ByteRange, signal: AbortSignal) => Promise<BlobStream>;
  readonly signal?: AbortSignal;
  /** Bytes that are in the file so far. */
  readonly onProgress?: (bytes: number) => void;
  /** All that came in this call had a wrong digest; true when it can be had from somewhere else. */
  readonly onDamaged?: () => boolean;
}

/** Wrong bytes are fetched anew once: they may come from a damaged file of ours, or from something on the way. */
const ROUNDS = 2;

/** Fetches blobs over parallel ranges. One for a process: its transfers share their connections. */
export class BlobTransfer {
  readonly settings: TransferSettings;
  private readonly budget: ConnectionBudget;

  constructor(settings: Partial<TransferSettings> = {}) {
    this.settings = { ...DEFAULT_TRANSFER, ...settings };
    this.budget = new ConnectionBudget(this.settings.connections);
  }

  /**
   * Brings a blob to its place: on return the data file is whole and its SHA-256 is right; the record beside it can
   * go. What is there already is not fetched again. On failure what was finished stays for the next call, in this
   * process or another; where nothing was, nothing stays.
   * @throws DamagedBlob, TransientFailure, what `open` throws; the signal's reason.
   */
  async fetch(request: FetchBlob): Promise<void> {
    const { blob, place } = request;
    let elsewhere = false;
    for (let round = 1; round <= ROUNDS || elsewhere; round += 1) {
      const partial = await PartialFile.open(place, blob.size, this.settings.segmentSize);
      const begunAnew = partial.segments.arrived === 0;
      let keep = false;
      try {
        const digest = await this.fill(partial, request);
        if (digest === blob.digest) {
          keep = true;
          return;
        }
        elsewhere = begunAnew && (request.onDamaged?.() ?? false);
      } catch (error) {
        keep = partial.segments.hasFinished && !(error instanceof DamagedBlob);
        throw error;
      } finally {
        await (keep ? partial.close() : partial.discard());
      }
    }
    throw new DamagedBlob(`A part of the model arrived damaged: its digest is not ${blob.digest}.`);
  }

  private async fill(partial: PartialFile, request: FetchBlob): Promise<string> {
    const { blob, place, open, signal, onProgress } = request;
    const { segments } = partial;
    const hash = startPrefixHash(place.data, blob.size);
    const onAdvance = (): void => {
      hash.advance(segments.prefix);
      onProgress?.(segments.arrived);
    };
    try {
      if (segments.arrived > 0) onAdvance();
      const { settings, budget } = this;
      await fillBlob({ partial, digest: blob.digest, open, settings, budget, signal, onAdvance });
      return `sha256:${await hash.finish(blob.size)}`;
    } finally {
      await hash.stop();
    }
  }
}
