import { InvalidReference, parseModelReference } from '#contracts';
import type { ModelStore } from '../store/model-store.js';
import { StoreError } from '../store/store-error.js';
import { pushArtifact, type PushArtifact } from './push-artifact.js';

export interface PushModel extends Omit<PushArtifact, 'artifact' | 'mountFrom'> {
  readonly store: ModelStore;
  /** `sha256:` + 64 hex. */
  readonly id: string;
}

/**
 * Puts a stored model into a registry, see {@link pushArtifact}. Blobs are taken from other repositories of that
 * registry that the model is known by. The model stays in the store until this resolves.
 * @throws StoreError `not-found`; SourceError; the signal's reason.
 */
export async function pushModel({ store, id, ...push }: PushModel): Promise<void> {
  const model = await store.get(id);
  if (!model) throw new StoreError('not-found', `There is no model ${id} in the store.`);
  const mountFrom = repositoriesOf([model.origin, ...model.tags], push.reference);
  await store.holding(push.access?.signal, async () => {
    await pushArtifact({ ...push, artifact: await store.artifact(id), mountFrom });
  });
}

/** Repositories of the target's registry among these names, without the target itself. */
function repositoriesOf(
  names: readonly string[],
  target: { readonly registry: string; readonly repository: string },
): string[] {
  const repositories = names.flatMap((name) => {
    try {
      const { registry, repository } = parseModelReference(name);
      return registry === target.registry && repository !== target.repository ? [repository] : [];
    } catch (error) {
      if (error instanceof InvalidReference) return [];
      throw error;
    }
  });
  return [...new Set(repositories)];
}
