import { Injectable } from '@nestjs/common';
import { Catalogue, NamedDefaults } from '#cluster';
import type { ModelDefaults } from '#contracts';
import { GatewayConfig } from '../../gateway.config.js';
import { askedReference } from '../../models/asked-reference.js';

/** What names of models bring along. */
@Injectable()
export class CallDefaultsService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly defaults: NamedDefaults,
    private readonly config: GatewayConfig,
  ) {}

  /** Undefined for ids, and for names that mean another model by now. @throws LongshoreError `redis_unavailable` */
  async of(name: string): Promise<ModelDefaults | undefined> {
    const reference = askedReference(name, this.config.defaultRegistry);
    const [found, model] = await Promise.all([
      reference === undefined ? undefined : this.defaults.find(reference),
      this.catalogue.find(name),
    ]);
    return found?.modelId === model?.id ? found : undefined;
  }

  /** @throws LongshoreError `redis_unavailable` */
  async put(defaults: ModelDefaults): Promise<void> {
    await this.defaults.put(defaults);
  }

  /** A name brings nothing along any more. @throws LongshoreError `redis_unavailable` */
  async forget(reference: string): Promise<void> {
    await this.defaults.remove(reference);
  }
}
