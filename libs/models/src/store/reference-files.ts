import { readFile, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { InvalidReference, MODEL_ID, parseModelReference, type ModelReference } from '#contracts';
import { hasCode, ifPresent, makeFolder, syncFolder, writeFileDurably } from './durable-files.js';
import { readRefName, type StoreLayout } from './store-layout.js';

/** A name and the model it stands for. */
export interface StoredReference {
  /** Full reference: `docker.io/ai/smollm2:latest`. */
  readonly name: string;
  readonly id: string;
  /** When it was given, ms since the epoch. */
  readonly since: number;
}

/**
 * The names of a store: one file each, so that two processes can give names at the same time. Names are given and
 * taken under the lock `names`; looking needs none.
 */
export class ReferenceFiles {
  constructor(private readonly layout: StoreLayout) {}

  /** Oldest first. */
  async list(): Promise<StoredReference[]> {
    const found: StoredReference[] = [];
    const folders = [this.layout.refs];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of (await ifPresent(readdir(folder, { withFileTypes: true }))) ?? []) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else if (entry.name.startsWith('@')) found.push(...(await this.read(path)));
      }
    }
    return found.sort((a, b) => a.since - b.since || (a.name < b.name ? -1 : 1));
  }

  /** Names by the id of their model, oldest first. */
  async byModel(): Promise<Map<string, string[]>> {
    const names = new Map<string, string[]>();
    for (const { id, name } of await this.list()) names.set(id, [...(names.get(id) ?? []), name]);
    return names;
  }

  /** The id of the model a reference stands for. */
  async find(reference: ModelReference): Promise<string | undefined> {
    const text = await ifPresent(readFile(this.layout.ref(reference), 'utf8'));
    return text !== undefined && MODEL_ID.test(text.trim()) ? text.trim() : undefined;
  }

  /** Gives a name to a model, taking it from the one that had it. A name it has already keeps its age. */
  async write(reference: ModelReference, id: string): Promise<void> {
    if ((await this.find(reference)) === id) return;
    const path = this.layout.ref(reference);
    await makeFolder(dirname(path));
    await writeFileDurably(path, `${id}\n`, this.layout.partial);
  }

  async remove(reference: ModelReference): Promise<void> {
    const path = this.layout.ref(reference);
    await rm(path, { force: true });
    await ifPresent(syncFolder(dirname(path)));
    await this.removeEmpty(dirname(path));
  }

  /** Removes a folder that holds no name any more, and those above it. */
  private async removeEmpty(folder: string): Promise<void> {
    for (let empty = folder; empty !== this.layout.refs; empty = dirname(empty)) {
      try {
        await rmdir(empty);
      } catch (error) {
        if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY')) return;
        throw error;
      }
    }
  }

  private async read(path: string): Promise<StoredReference[]> {
    const parts = relative(this.layout.refs, path).split(sep);
    const leaf = readRefName(parts.pop() ?? '');
    const name = `${parts.join('/')}${leaf.includes(':') ? '@' : ':'}${leaf}`;
    const reference = readReference(name);
    if (reference?.name !== name) return [];
    const [id, status] = [await this.find(reference), await ifPresent(stat(path))];
    return id !== undefined && status ? [{ name, id, since: status.mtimeMs }] : [];
  }
}

/** Undefined for a file that a stranger put among ours. */
function readReference(name: string): ModelReference | undefined {
  try {
    return parseModelReference(name);
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
