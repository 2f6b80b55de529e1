import { byPath, nameOf, type HubFile } from './hub-file.js';
import { quantizationLabel } from './quantization-label.js';

/** Files that are one GGUF model together. */
export interface GgufGroup {
  /** Folder, file name without shard number and without `.gguf`. */
  readonly path: string;
  /** `Q4_K_M`; absent when the name says nothing of the kind. */
  readonly label?: string;
  /** One file, or all shards by number; those that are missing are left out. */
  readonly files: readonly HubFile[];
  /** How many files there should be. */
  readonly total: number;
}

const SHARD = /^(.+)-(\d{5})-of-(\d{5})$/;

/**
 * What is not a model by itself: importance matrices and the drafts of speculative decoding (the list is llama.cpp's).
 */
const NO_MODEL = /(?:^|[-._])imatrix(?:[-._]|$)|^(?:mtp|eagle3|dflash|dspark)-/i;

function isGguf(file: HubFile): boolean {
  return /\.gguf$/i.test(file.path);
}

export function isProjector(file: HubFile): boolean {
  return isGguf(file) && /mmproj/i.test(nameOf(file.path));
}

/** The models among the files of a repository, by path. */
export function groupGguf(files: readonly HubFile[]): GgufGroup[] {
  const groups = new Map<string, { path: string; total: number; shards: Map<number, HubFile> }>();
  for (const file of files.filter(isGguf).sort(byPath)) {
    if (isProjector(file) || NO_MODEL.test(nameOf(file.path))) continue;
    const stem = file.path.slice(0, -'.gguf'.length);
    const [, path = stem, number = '1', total = '1'] = SHARD.exec(stem) ?? [];
    const key = `${path} ${total}`;
    const group = groups.get(key) ?? { path, total: Number(total), shards: new Map<number, HubFile>() };
    group.shards.set(Number(number), file);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ path, total, shards }) => {
    const label = quantizationLabel(path);
    const ordered = [...shards].sort(([a], [b]) => a - b).map(([, file]) => file);
    return { path, total, files: ordered, ...(label !== undefined && { label }) };
  });
}
