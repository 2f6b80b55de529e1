import { randomBytes } from 'node:crypto';
import { parseModelReference } from '#contracts';
import {
  type FrontExchange,
  makeTemporaryFolder,
  type RegistryFixture,
  type RegistryFront,
  startRegistry,
  startRegistryFront,
} from '#testing';
import type { Artifact } from '../package/artifact.js';
import { pullModel, type PullModel, type PulledModel } from '../pull-model.js';
import { pushArtifact } from '../sources/push-artifact.js';
import { RegistryHttp, type RegistryOptions } from '../sources/registry-http.js';
import { RegistrySource } from '../sources/registry-source.js';
import { ModelStore } from '../store/model-store.js';
import { BlobTransfer } from '../transfer/blob-transfer.js';
import { handMadeArtifact } from './hand-made-artifact.js';

/** Retries without long waits. */
export const IMPATIENT = { attempts: 3, baseDelay: 5, maxDelay: 50 };

/** A real registry, stores in temporary folders, and everything that has to be closed afterwards. */
export class Workbench {
  private readonly ends: (() => Promise<void>)[] = [];

  private constructor(readonly registry: RegistryFixture) {}

  static async start(): Promise<Workbench> {
    const registry = await startRegistry();
    const bench = new Workbench(registry);
    bench.ends.push(() => registry.stop());
    return bench;
  }

  async stop(): Promise<void> {
    for (const end of this.ends.reverse()) await end();
  }

  http(options: RegistryOptions = {}): RegistryHttp {
    const http = new RegistryHttp({ retry: IMPATIENT, ...options });
    this.ends.push(() => http.close());
    return http;
  }

  async folder(): Promise<string> {
    const folder = await makeTemporaryFolder('store');
    this.ends.push(() => folder.remove());
    return folder.path;
  }

  async store(): Promise<ModelStore> {
    return ModelStore.open(await this.folder());
  }

  async front(handle?: (exchange: FrontExchange) => void, host = this.registry.host): Promise<RegistryFront> {
    const front = await startRegistryFront(host, handle);
    this.ends.push(() => front.close());
    return front;
  }

  async push(artifact: Artifact, path: string): Promise<void> {
    const reference = parseModelReference(`${this.registry.host}/${path}`);
    await pushArtifact({ http: this.http(), artifact, reference });
  }

  /** Pulls `host/path` into a store. */
  async pull(
    store: ModelStore,
    path: string,
    { host = this.registry.host, http, ...rest }: { host?: string; http?: RegistryHttp } & Partial<PullModel> = {},
  ): Promise<PulledModel> {
    const source = new RegistrySource(http ?? this.http());
    const reference = parseModelReference(`${host}/${path}`);
    return pullModel({ store, source, reference, transfer: new BlobTransfer({ retry: IMPATIENT }), ...rest });
  }
}

/** A model with layers of random bytes, so that it has nothing in common with any other. */
export function randomArtifact(...sizes: number[]): Artifact {
  return handMadeArtifact({ layers: sizes.map((size) => ({ content: randomBytes(size) })) });
}
