import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelFormat } from '#contracts';
import { unpackArchives } from '../archive/unpack-archives.js';
import type { BundleFile, BundlePlan } from '../formats/plan-bundle.js';
import { hasCode, ifPresent } from './durable-files.js';
import { placeFile } from './place-file.js';
import { damaged } from './store-error.js';
import { LOCKS, type StoreLayout } from './store-layout.js';
import type { Volume } from './volume.js';

/** Where an engine finds a model. Absolute paths; read-only; they stay until the model is removed. */
export interface ModelFiles {
  readonly format: ModelFormat;
  /** Folder of all files of the model. */
  readonly directory: string;
  /** The weights; the first shard when there are several. */
  readonly weights: string;
  /** Multimodal projector. */
  readonly projector?: string;
  /** Jinja source that replaces the one inside the weights. */
  readonly chatTemplate?: string;
}

/** Builds the folder of a model, or finds it built. Several processes may ask at once. */
export async function openBundle(volume: Volume, id: string, plan: BundlePlan): Promise<ModelFiles> {
  const { layout, locks } = volume;
  const bundle = layout.bundle(id);
  const directory = join(bundle, 'model');
  if (!(await isComplete(directory, plan))) {
    await locks.during(LOCKS.bundle(id), { ephemeral: true }, async () => {
      if (!(await isComplete(directory, plan))) await build(layout, bundle, plan);
    });
  }
  return {
    format: plan.format,
    directory,
    weights: join(directory, plan.weights),
    ...(plan.projector !== undefined && { projector: join(directory, plan.projector) }),
    ...(plan.chatTemplate !== undefined && { chatTemplate: join(directory, plan.chatTemplate) }),
  };
}

async function build(layout: StoreLayout, bundle: string, plan: BundlePlan): Promise<void> {
  const building = `${bundle}.building`;
  await rm(building, { recursive: true, force: true });
  try {
    for (const file of plan.files) {
      const target = join(building, 'model', file.path);
      await mkdir(dirname(target), { recursive: true });
      await placeBlob(layout, file, target);
    }
    await unpackArchives(plan, { folder: join(building, 'model'), blob: (digest) => layout.blob(digest) });
    await rm(bundle, { recursive: true, force: true });
    await rename(building, bundle);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    throw error;
  }
}

async function placeBlob(layout: StoreLayout, { digest }: BundleFile, target: string): Promise<void> {
  try {
    await placeFile(layout.blob(digest), target);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw damaged(layout.directory, digest);
    throw error;
  }
}

async function isComplete(directory: string, plan: BundlePlan): Promise<boolean> {
  for (const file of plan.files) {
    const status = await ifPresent(stat(join(directory, file.path)));
    if (status?.size !== file.size) return false;
  }
  // They may come out of an archive.
  return (await ifPresent(stat(join(directory, plan.weights)))) !== undefined;
}
