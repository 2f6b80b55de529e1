import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, startHuggingFaceHub, type HubFixture, type HubFixtureOptions } from '#testing';
import { pullModel, type PulledModel, type PullModel } from '../../../pull-model.js';
import { ModelStore } from '../../../store/model-store.js';
import { BlobTransfer } from '../../../transfer/blob-transfer.js';
import type { ResolvedModel, SourceAccess } from '../../model-source.js';
import { HubHttp, type HubOptions } from '../hub-http.js';
import { HuggingFaceSource } from '../hugging-face-source.js';

/** Retries without long waits. */
const IMPATIENT = { attempts: 3, baseDelay: 5, maxDelay: 50 };

/** Hubs, stores in temporary folders, and everything that has to be closed afterwards. */
export class HubBench {
  private readonly ends: (() => Promise<void>)[] = [];

  async hub(options?: HubFixtureOptions): Promise<HubFixture> {
    const hub = await startHuggingFaceHub(options);
    this.ends.push(() => hub.close());
    return hub;
  }

  source({ endpoint }: Pick<HubFixture, 'endpoint'>, options: HubOptions = {}): HuggingFaceSource {
    const http = new HubHttp({ endpoint, retry: IMPATIENT, ...options });
    this.ends.push(() => http.close());
    return new HuggingFaceSource(http);
  }

  async store(): Promise<ModelStore> {
    const folder = await makeTemporaryFolder('store');
    this.ends.push(() => folder.remove());
    return ModelStore.open(folder.path);
  }

  async resolve(
    hub: Pick<HubFixture, 'endpoint'>,
    name: string,
    access: SourceAccess = {},
    options: HubOptions = {},
  ): Promise<ResolvedModel> {
    return this.source(hub, options).resolve(parseModelReference(name), access);
  }

  /** Pulls in ranges of 64 KiB. */
  async pull(store: ModelStore, source: HuggingFaceSource, name: string, more: Partial<PullModel> = {}): Promise<PulledModel> {
    const transfer = new BlobTransfer({ segmentSize: 64 * 1024, connectionsPerBlob: 1, retry: IMPATIENT });
    return pullModel({ store, source, reference: parseModelReference(name), transfer, ...more });
  }

  async stop(): Promise<void> {
    for (const end of this.ends.toReversed()) await end();
  }
}
