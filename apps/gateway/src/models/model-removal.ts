import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations, type DeletedEntry } from '#cluster';
import { Pulls } from '#queue';
import { revisionOf } from '../engines/configuration-revision.js';

/** Takes models out of the cluster, with what was configured for them. */
@Injectable()
export class ModelRemoval {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly pulls: Pulls,
  ) {}

  /**
   * By the rules of `planRemoval`. A model that keeps a tag keeps its configurations; one that guessed with the help of a
   * removed model is run without it.
   * @throws LongshoreError `model_not_found`, `model_conflict`, `redis_unavailable`
   */
  async remove(text: string, options: { readonly force: boolean }): Promise<readonly DeletedEntry[]> {
    const entries = await this.catalogue.remove(text, options);
    for (const entry of entries) if ('Deleted' in entry) await this.forget(entry.Deleted);
    return entries;
  }

  private async forget(modelId: string): Promise<void> {
    await this.configurations.removeModel(modelId);
    for (const configuration of await this.configurations.all()) {
      const { speculative, revision: _revision, ...rest } = configuration;
      if (speculative?.draftModelId === modelId)
        await this.configurations.put({ ...rest, revision: revisionOf(rest) });
    }
  }

  /**
   * Removes every model. Pulls that are going on end first: what they bring would be there again at once.
   * @throws LongshoreError `redis_unavailable`
   */
  async purge(): Promise<void> {
    await this.pulls.cancelAll();
    await this.catalogue.purge();
    await this.configurations.clear();
  }
}
