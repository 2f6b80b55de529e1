import { Catalogue, type DeletedEntry, findModel } from '#cluster';
import type { CatalogueModel } from '#contracts';

/** A catalogue in memory that forgets nothing. */
export class StillCatalogue extends Catalogue {
  readonly models = new Map<string, CatalogueModel>();

  override list(): Promise<readonly CatalogueModel[]> {
    return Promise.resolve([...this.models.values()]);
  }

  override async find(text: string): Promise<CatalogueModel | undefined> {
    return findModel(await this.list(), text);
  }

  override put(model: CatalogueModel): Promise<void> {
    this.models.set(model.id, model);
    return Promise.resolve();
  }

  override remove(): Promise<readonly DeletedEntry[]> {
    return Promise.reject(new Error('Nothing is removed here.'));
  }

  override tag(): Promise<CatalogueModel> {
    return Promise.reject(new Error('Nothing is tagged here.'));
  }

  override purge(): Promise<void> {
    return Promise.reject(new Error('Nothing is purged here.'));
  }

  override removed(): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set());
  }
}
