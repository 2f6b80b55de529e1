import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations, type DeletedEntry } from '#cluster';
import { LongshoreError } from '#contracts';
import { Pulls } from '#queue';
import { revisionOf } from '../engines/configuration-revision.js';
import { endingIn, tagsEndingIn } from './find-by-last-segment.js';

/** Takes models out of the cluster, with what was configured for them. */
@Injectable()
export class ModelRemoval {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly pulls: Pulls,
  ) {}

  /**
   * By the rules of `planRemoval`, and never by a part of a name: whoever removes a model twice must not remove that of
   * somebody else. A model that keeps a tag keeps its configurations; one that guessed with the help of a
   * removed model is run without it.
   * @throws LongshoreError `model_not_found`, `model_conflict`, `redis_unavailable`
   */
  async remove(text: string, options: { readonly force: boolean }): Promise<readonly DeletedEntry[]> {
    const entries = await this.catalogue
      .remove(text, options)
      .catch((error: unknown) => this.explain(text, error));
    for (const entry of entries) if ('Deleted' in entry) await this.forget(entry.Deleted);
    return entries;
  }

  /** A model that is shown by a part of its name, and is not removed by it, is told of. */
  private async explain(text: string, error: unknown): Promise<never> {
    if (!(error instanceof LongshoreError) || error.code !== 'model_not_found') throw error;
    const [near] = endingIn(await this.catalogue.list(), text);
    if (near === undefined) throw error;
    const message = `${error.message} (a model is removed by its whole name, such as ${tagsEndingIn(near.tags, text)[0]})`;
    throw new LongshoreError('model_not_found', message);
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
