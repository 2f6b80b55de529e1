import { readdir, readFile } from 'node:fs/promises';
import { parseModelReference } from '#contracts';
import { sweep, trashModel } from './collect.js';
import { ifPresent } from './durable-files.js';
import type { ReferenceFiles } from './reference-files.js';
import { StoreError, explainingFullDisk } from './store-error.js';
import { LOCKS } from './store-layout.js';
import type { Volume } from './volume.js';

/** What an untagging did. `deleted` is the id of the model that lost its last name. */
export interface Untagged {
  readonly untagged: string;
  readonly deleted?: string;
}

/** What a removal did. */
export interface Removed {
  readonly untagged: readonly string[];
  readonly deleted: string;
}

/** Gives and takes the names of the models of a store, and with their last name the models. */
export class ModelNames {
  constructor(
    private readonly volume: Volume,
    private readonly references: ReferenceFiles,
  ) {}

  /**
   * Gives a model one more name, taking the name from the model that had it.
   * @throws StoreError `not-found`
   */
  async tag(id: string, name: string): Promise<void> {
    const reference = parseModelReference(name);
    await this.changing(async () => {
      if (!(await this.has(id))) throw new StoreError('not-found', `There is no model ${id} in the store.`);
      await this.references.write(reference, id);
    });
  }

  /**
   * Takes a name away, and the model with it when it was the last one, unless that is to be kept without a name.
   * Undefined when nothing has the name.
   */
  async untag(name: string, { keepModel = false } = {}): Promise<Untagged | undefined> {
    const reference = parseModelReference(name);
    const result = await this.changing(async (): Promise<Untagged | undefined> => {
      const id = await this.references.find(reference);
      if (id === undefined) return undefined;
      await this.references.remove(reference);
      const named = (await this.references.list()).some((other) => other.id === id);
      const deleted = !named && !keepModel && (await trashModel(this.volume.layout, id));
      return { untagged: reference.name, ...(deleted && { deleted: id }) };
    });
    await sweep(this.volume);
    return result;
  }

  /** Removes a model with all its names. Undefined when it is not there. */
  async remove(id: string): Promise<Removed | undefined> {
    const result = await this.changing(async (): Promise<Removed | undefined> => {
      if (!(await this.has(id))) return undefined;
      const untagged = (await this.references.list())
        .filter((reference) => reference.id === id)
        .map(({ name }) => name);
      for (const name of untagged) await this.references.remove(parseModelReference(name));
      await trashModel(this.volume.layout, id);
      return { untagged, deleted: id };
    });
    await sweep(this.volume);
    return result;
  }

  /** Removes every model; their files go when somebody collects. @returns ids of the models that are gone. */
  async purge(): Promise<string[]> {
    return this.changing(async () => {
      for (const { name } of await this.references.list())
        await this.references.remove(parseModelReference(name));
      const ids = (await readdir(this.volume.layout.manifests)).map((name) => `sha256:${name}`);
      for (const id of ids) await trashModel(this.volume.layout, id);
      return ids;
    });
  }

  private async has(id: string): Promise<boolean> {
    return (await ifPresent(readFile(this.volume.layout.manifest(id)))) !== undefined;
  }

  /** Names and manifests change under one short lock, so that a model cannot lose its last name while it gets one. */
  async changing<T>(task: () => Promise<T>): Promise<T> {
    return explainingFullDisk(this.volume.layout.directory, () =>
      this.volume.locks.during(LOCKS.names, {}, task),
    );
  }
}
