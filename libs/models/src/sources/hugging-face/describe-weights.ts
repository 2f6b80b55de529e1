import type { ModelConfig } from '#contracts';
import { describeGguf } from '../../formats/describe-gguf.js';
import { describeSafetensors } from '../../formats/describe-safetensors.js';
import { parseJson } from '../../formats/json.js';
import { mergeGgufHeaders } from '../../formats/merge-gguf-headers.js';
import { parseGgufHeader } from '../../formats/read-gguf-header.js';
import { parseSafetensorsHeader } from '../../formats/read-safetensors-header.js';
import type { ChosenFiles } from './choose-files.js';
import type { HubFile } from './hub-file.js';
import type { HubRepository } from './hub-repository.js';
import { RemoteReader } from './remote-reader.js';
import type { SmallFiles } from './small-files.js';

/** Headers that are read at once. */
const PARALLEL = 6;
const REMEMBERED = 64;

/** Describes models from the headers of their files, which is all of them that is downloaded for it. */
export class WeightsDescriber {
  /** By the digests of the files, so that a model that is pulled again costs nothing. Oldest first. */
  private readonly known = new Map<string, ModelConfig>();

  /** @throws FormatError when a file is not what its name says; SourceError; the signal's reason. */
  async describe(
    repository: HubRepository,
    { format, files, weights }: ChosenFiles,
    small: SmallFiles,
  ): Promise<ModelConfig> {
    const shards = files.slice(0, weights).map(({ file }) => file);
    const configuration = files.find(({ file }) => file.path === 'config.json')?.file;
    const key = [...shards, ...(configuration ? [configuration] : [])]
      .map(({ digest, gitObject }) => digest ?? gitObject)
      .join(' ');
    const known = this.known.get(key);
    if (known) {
      // Reading a header shows whether the caller may; memory must not say yes in its place.
      if (repository.gated) await mapSome(shards.slice(0, 1), (file) => repository.checkAccess(file));
      return known;
    }
    const reader = (file: HubFile): RemoteReader => new RemoteReader(repository, file);
    let config: ModelConfig;
    if (format === 'gguf') {
      const headers = await mapSome(shards, (file) => parseGgufHeader(reader(file), file.size));
      config = describeGguf(mergeGgufHeaders(headers));
    } else {
      const headers = await mapSome(shards, (file) => parseSafetensorsHeader(reader(file), file.size));
      const document = configuration ? parseJson(await small.read(configuration), 'its config.json') : {};
      config = describeSafetensors(headers, document);
    }
    this.remember(key, config);
    return config;
  }

  private remember(key: string, config: ModelConfig): void {
    this.known.set(key, config);
    const [oldest] = this.known.keys();
    if (this.known.size > REMEMBERED && oldest !== undefined) this.known.delete(oldest);
  }
}

/** Keeps the order; stops at the first failure. */
async function mapSome<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += PARALLEL) {
    results.push(...(await Promise.all(items.slice(start, start + PARALLEL).map(task))));
  }
  return results;
}
