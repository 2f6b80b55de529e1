import { parseModelReference } from '#contracts';
import { packageGguf, pushArtifact, RegistryHttp } from '#models';
import type { RegistryFixture } from '../servers/registry.js';

export interface PublishModel {
  readonly registry: Pick<RegistryFixture, 'host'>;
  /** Repository and tag, for example `test/scripted:1`. */
  readonly name: string;
  /** Path of a GGUF file. */
  readonly file: string;
}

export interface PublishedModel {
  /** What a client names the model by. */
  readonly reference: string;
  /** `sha256:` + 64 hex. */
  readonly id: string;
}

/** Part of a model's id, so that the same file always gets the same. */
const CREATED = new Date('2026-01-01T00:00:00Z');

/** Packages a GGUF file as a model artifact and pushes it to a registry. */
export async function publishModel({ registry, name, file }: PublishModel): Promise<PublishedModel> {
  const reference = parseModelReference(`${registry.host}/${name}`);
  const artifact = await packageGguf({ file, created: CREATED });
  const http = new RegistryHttp();
  try {
    await pushArtifact({ http, artifact, reference });
  } finally {
    await http.close();
  }
  return { reference: reference.name, id: artifact.id };
}
