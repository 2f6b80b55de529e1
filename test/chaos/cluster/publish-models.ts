import { appendFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtureModel, type PublishedModel, publishModel, type RegistryFixture } from '#testing';

export interface ChaosModels {
  readonly scripted: PublishedModel;
  readonly embedding: PublishedModel;
  /** Small ones that nobody has yet, each with bytes of its own. */
  readonly fresh: readonly PublishedModel[];
}

/** @param folder for the files of the fresh models */
export async function publishModels(
  registry: RegistryFixture,
  folder: string,
  fresh: number,
): Promise<ChaosModels> {
  const publish = (name: string, file: string): Promise<PublishedModel> =>
    publishModel({ registry, name: `chaos/${name}:1`, file });
  const embedding = await fixtureModel('embedding');
  const models: PublishedModel[] = [];
  for (let number = 1; number <= fresh; number++) {
    const file = join(folder, `fresh-${number}.gguf`);
    await copyFile(embedding, file);
    await appendFile(file, `number ${number}`);
    models.push(await publish(`fresh-${number}`, file));
  }
  return {
    scripted: await publish('scripted', await fixtureModel('scripted')),
    embedding: await publish('embedding', embedding),
    fresh: models,
  };
}
