import type { HubFile } from './hub-file.js';
import type { HubRepository } from './hub-repository.js';

/** Bytes of one file and of all of a model. */
const FILE_LIMIT = 16 * 1024 * 1024;
const TOTAL_LIMIT = 64 * 1024 * 1024;

/** The small files of one repository: each is read once and then held in memory. */
export class SmallFiles {
  private readonly bytes = new Map<string, Buffer>();
  private total = 0;

  constructor(private readonly repository: HubRepository) {}

  /** @throws SourceError, also when it is not small; the signal's reason. */
  async read(file: HubFile): Promise<Buffer> {
    const known = this.bytes.get(file.path);
    if (known) return known;
    if (file.size > FILE_LIMIT) {
      throw this.repository.unusable(
        `its ${JSON.stringify(file.path.slice(0, 200))} is too long for such a file`,
      );
    }
    this.total += file.size;
    if (this.total > TOTAL_LIMIT) throw this.repository.unusable('its small files are too long together');
    const bytes = await this.repository.read(file);
    this.bytes.set(file.path, bytes);
    return bytes;
  }
}
