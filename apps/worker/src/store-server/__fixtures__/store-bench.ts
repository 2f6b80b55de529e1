import { type DownloadTurns, ModelStore, type Neighbour, NeighbourHttp, RegistryHttp, RegistrySource } from '#models';
import { createLogger } from '#observability';
import { makeTemporaryFolder } from '#testing';
import { ModelLibrary } from '../../residency/model-library.js';
import { StoreAccess } from '../store-access.js';
import type { StoreLimits } from '../store-limits.js';
import { StoreServer } from '../store-server.js';
import { StillCatalogue } from './still-catalogue.js';

const ALWAYS: DownloadTurns = {
  take: () => Promise.resolve({ report: () => undefined, release: () => Promise.resolve() }),
};
const logger = createLogger('error', 'json');

/** One worker's store with what serves it. */
export interface ServedStore extends Neighbour {
  readonly store: ModelStore;
  readonly library: ModelLibrary;
  readonly server: StoreServer;
}

/** Served stores of one cluster, in this process, and all that has to be closed afterwards. */
export class StoreBench {
  readonly access = new StoreAccess({ refresh: () => Promise.resolve('5ec2e7') });
  readonly catalogue = new StillCatalogue();
  private readonly ends: (() => Promise<void>)[] = [];
  private readonly registry = new RegistryHttp();
  // What is asked of a neighbour is what tests count: a slow machine must not turn it into a no.
  private readonly neighbourHttp = new NeighbourHttp(this.access, { answerWithin: 30_000 });

  /**
   * @param neighbours whom its library asks for every model and blob
   * @param turns whose turn it is to download; always its own when absent
   */
  async serve(
    limits: Partial<StoreLimits> = {},
    neighbours: readonly Neighbour[] = [],
    turns: DownloadTurns = ALWAYS,
  ): Promise<ServedStore> {
    const folder = await makeTemporaryFolder('served-store');
    this.ends.push(() => folder.remove());
    const store = await ModelStore.open(folder.path);
    const source = new RegistrySource(this.registry);
    const library = new ModelLibrary({
      store,
      source,
      catalogue: this.catalogue,
      logger,
      neighbours: () => neighbours,
      otherStores: () => neighbours,
      turns,
      neighbourHttp: this.neighbourHttp,
      onChange: () => undefined,
    });
    const { access, registry } = this;
    const where = { host: '127.0.0.1', port: 0 };
    const server = new StoreServer({ ...where, store, library, source, registry, access, logger, limits });
    await server.start();
    this.ends.push(() => server.stop());
    return { name: `store ${this.ends.length}`, url: server.url ?? '', store, library, server };
  }

  async stop(): Promise<void> {
    for (const end of this.ends.reverse()) await end();
    await Promise.all([this.registry.close(), this.neighbourHttp.close()]);
  }
}
