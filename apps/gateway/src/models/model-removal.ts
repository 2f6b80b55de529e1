import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations, type DeletedEntry } from '#cluster';
import { Pulls } from '#queue';

/** Takes models out of the cluster, with what was configured for them. */
@Injectable()
export class ModelRemoval {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly pulls: Pulls,
  ) {}

  /**
   * By the rules of `planRemoval`. A model that keeps a tag keeps its configurations.
   * @throws LongshoreError `model_not_found`, `model_conflict`, `redis_unavailable`
   */
  async remove(text: string, options: { readonly force: boolean }): Promise<readonly DeletedEntry[]> {
    const entries = await this.catalogue.remove(text, options);
    for (const entry of entries) if ('Deleted' in entry) await this.configurations.removeModel(entry.Deleted);
    return entries;
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
