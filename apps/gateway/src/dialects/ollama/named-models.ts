import { Injectable } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { type CatalogueModel, ENVELOPE_VERSION, LongshoreError } from '#contracts';
import { UnloadService } from '../../engines/unload-service.js';
import { GatewayConfig } from '../../gateway.config.js';
import { givenReference } from '../../models/given-reference.js';
import { ModelRemoval } from '../../models/model-removal.js';
import { CallDefaultsService } from './call-defaults.js';
import type { Creation } from './decode-model.js';
import { present } from './fields.js';

/** Gives names to models and takes them away, with what they bring along. */
@Injectable()
export class NamedModels {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly defaults: CallDefaultsService,
    private readonly removal: ModelRemoval,
    private readonly unloading: UnloadService,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws LongshoreError `model_not_found` */
  async find(name: string): Promise<CatalogueModel> {
    const model = await this.catalogue.find(name);
    if (model === undefined) throw new LongshoreError('model_not_found', `No such model: ${name}`, 'model');
    return model;
  }

  /** The new name brings along what the old one does. @throws LongshoreError `model_not_found`, RouteFailure 400 */
  async copy(source: string, destination: string): Promise<void> {
    const reference = givenReference(destination, this.config.defaultRegistry);
    const model = await this.find(source);
    const brought = await this.defaults.of(source);
    if (model.tags.includes(reference) && brought?.reference === reference) return;
    await this.catalogue.tag(source, reference);
    if (brought !== undefined) await this.defaults.put({ ...brought, reference });
  }

  /**
   * Gives a model a name that brings along what is asked for, over what the old one does. All that has the name already
   * keeps its sessions: nothing about how the model runs changes.
   * @throws LongshoreError `model_not_found`, RouteFailure 400
   */
  async create(creation: Creation): Promise<CatalogueModel> {
    const { model: name, from, parameters, system, messages, license } = creation;
    const reference = givenReference(name, this.config.defaultRegistry);
    const model = await this.find(from);
    const brought = await this.defaults.of(from);
    await this.catalogue.tag(from, reference);
    const merged = { ...brought?.parameters, ...parameters };
    const defaults = {
      version: ENVELOPE_VERSION,
      reference,
      modelId: model.id,
      from,
      parameters: Object.keys(merged).length > 0 ? merged : undefined,
      system: system ?? brought?.system,
      messages: messages ?? brought?.messages,
      license: license ?? brought?.license,
    };
    await this.defaults.put(present(defaults));
    return model;
  }

  /**
   * Takes a name away, and the model with its last one; that is unloaded first, where it is idle.
   * @throws LongshoreError `model_not_found`, `model_conflict`
   */
  async delete(name: string): Promise<void> {
    const { tags } = await this.find(name);
    if (tags.length <= 1) await this.unloading.unload({ all: false, models: [name] });
    await this.removal.remove(name, { force: false });
  }
}
