import { renameSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { collectGarbage } from './collect.js';
import { ModelStore } from './model-store.js';
import { openLayout } from './open-layout.js';
import type { StoreLayout } from './store-layout.js';
import type { StoredModel } from './stored-model.js';
import type { Volume } from './volume.js';

const folders: TemporaryFolder[] = [];
afterAll(async () => {
  for (const folder of folders) await folder.remove();
});

interface Bench {
  readonly store: ModelStore;
  readonly volume: Volume;
  readonly model: StoredModel;
}

async function bench(): Promise<Bench> {
  const folder = await makeTemporaryFolder('collect');
  folders.push(folder);
  const store = await ModelStore.open(folder.path);
  const artifact = handMadeArtifact({ layers: [{ content: Buffer.from('in use') }] });
  const model = await storeArtifact(store, artifact, parseModelReference('org/m:1'));
  return { store, model, volume: await openLayout(folder.path) };
}

type Folder = 'trash' | 'manifests' | 'blobs' | 'bundles';

/** The volume as a collection sees it when another process removes a model just before it looks into that folder. */
function removingBefore(folder: Folder, { volume, model }: Bench): Volume {
  const { layout } = volume;
  let removed = false;
  const remove = (): string => {
    if (!removed) renameSync(layout.manifest(model.id), layout.trashed(model.id));
    removed = true;
    return layout[folder];
  };
  return { ...volume, layout: Object.create(layout, { [folder]: { get: remove } }) as StoreLayout };
}

describe.each(['trash', 'manifests', 'blobs', 'bundles'] as const)(
  'a collection during which a model is removed, before it looks at the %s',
  (folder) => {
    it('keeps the files of the model while somebody uses them', async () => {
      const all = await bench();
      const lease = await all.store.lease(all.model.id);
      await collectGarbage(removingBefore(folder, all), { leftoverAge: 0 });
      expect(await all.store.list()).toEqual([]);
      expect(await readFile(lease.files.weights, 'utf8')).toBe('in use');
      expect(await readdir(all.volume.layout.blobs)).toHaveLength(2);
      await lease.release();
      expect(await readdir(all.volume.layout.blobs)).toEqual([]);
    });

    it('leaves nothing of the model that nobody uses', async () => {
      const all = await bench();
      await all.store.files(all.model.id);
      await collectGarbage(removingBefore(folder, all));
      for (const path of ['trash', 'blobs', 'bundles'] as const)
        expect(await readdir(all.volume.layout[path])).toEqual([]);
    });
  },
);
