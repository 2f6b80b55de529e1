import { FormatError } from '../../formats/format-error.js';
import { isRecord } from '../../formats/json.js';
import { SourceError } from '../source-error.js';
import { byPath, folderOf, nameOf, type HubFile } from './hub-file.js';

const INDEX = 'model.safetensors.index.json';
const SHARD = /^(.+)-\d{5}-of-(\d{5})\.safetensors$/;

/** Modules of a sentence-embedding model: `1_Pooling/config.json`, `2_Dense/model.safetensors`. */
const MODULE_FILE = /^\d_\w+\/(?:config\.json|model\.safetensors)$/;

/** What engines read beside the weights. Never code: a model must not run programs on the machine that serves it. */
const COMPANION =
  /\.(?:json|txt|jinja|model|vocab|tiktoken|spm)$|^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i;
/** Lists for other formats of the same weights, and what training left behind. */
const NOT_NEEDED =
  /\.index\.json$|^(?:readme|requirements)\b|^(?:trainer_state|training_args|all_results|eval_results|train_results|optimizer|scheduler)\b|^(?:openvino|tf_|flax_|onnx)/i;

/** The list of shards that must be read before {@link chooseSafetensors}, where there is one. */
export function safetensorsIndex(files: readonly HubFile[]): HubFile | undefined {
  return files.find(({ path }) => path === INDEX);
}

/**
 * Reads which files hold the weights.
 * @throws FormatError
 */
export function readSafetensorsIndex(document: Record<string, unknown>): string[] {
  const map = document['weight_map'];
  if (!isRecord(map)) throw new FormatError(`its ${INDEX} has no "weight_map"`);
  const names = new Set<string>();
  for (const name of Object.values(map)) {
    if (typeof name !== 'string') throw new FormatError(`its ${INDEX} has a "weight_map" that is not plain`);
    names.add(name);
  }
  return [...names].sort();
}

export interface SafetensorsChoice {
  readonly weights: readonly HubFile[];
  /** Configuration, tokenizer, template, licence. */
  readonly companions: readonly HubFile[];
}

/**
 * The weights of a safetensors repository and what belongs to them. Other copies of the weights in the same
 * repository are left out.
 * @param indexed what {@link readSafetensorsIndex} gave.
 * @throws SourceError `unsupported` saying what is missing or cannot be told apart.
 */
export function chooseSafetensors(
  files: readonly HubFile[],
  indexed: readonly string[] | undefined,
  repository: string,
): SafetensorsChoice {
  const weights = indexed ? indexedWeights(files, indexed, repository) : loneWeights(files, repository);
  if (!files.some(({ path }) => path === 'config.json')) {
    throw new SourceError('unsupported', `${repository} cannot be used: it has no config.json.`);
  }
  const chosen = new Set(weights.map(({ path }) => path));
  const companions = files.filter(({ path }) => {
    if (chosen.has(path)) return false;
    if (path === INDEX) return indexed !== undefined;
    if (folderOf(path) !== '') return MODULE_FILE.test(path);
    return COMPANION.test(path) && !NOT_NEEDED.test(path);
  });
  return { weights, companions: companions.sort(byPath) };
}

function indexedWeights(
  files: readonly HubFile[],
  indexed: readonly string[],
  repository: string,
): HubFile[] {
  return indexed.map((path) => {
    const file = files.find((candidate) => candidate.path === path);
    if (file?.path.endsWith('.safetensors') === true) return file;
    throw new SourceError(
      'unsupported',
      `${repository} is incomplete: its list of weights names ${JSON.stringify(path.slice(0, 200))}, which is not there.`,
    );
  });
}

function loneWeights(files: readonly HubFile[], repository: string): HubFile[] {
  const weights = files
    .filter(({ path }) => folderOf(path) === '' && path.endsWith('.safetensors'))
    .sort(byPath);
  const usual = weights.filter(({ path }) => path === 'model.safetensors');
  if (usual.length > 0) return usual;
  const sets = new Map<string, HubFile[]>();
  for (const file of weights) {
    const [, stem, total] = SHARD.exec(file.path) ?? [];
    const key = stem === undefined ? file.path : `${stem} ${total}`;
    sets.set(key, [...(sets.get(key) ?? []), file]);
  }
  const [set, ...others] = [...sets.values()];
  if (!set) {
    throw new SourceError(
      'unsupported',
      `${repository} cannot be used: it has no GGUF or safetensors weights.`,
    );
  }
  if (others.length > 0) {
    const names = weights.map(({ path }) => nameOf(path)).slice(0, 20);
    throw new SourceError(
      'unsupported',
      `${repository} cannot be used: it has several sets of weights (${names.join(', ')}) and no ${INDEX}.`,
    );
  }
  const total = Number(SHARD.exec(set[0]?.path ?? '')?.[2] ?? 1);
  if (set.length === total) return set;
  throw new SourceError(
    'unsupported',
    `${repository} is incomplete: it has ${set.length} of ${total} files of weights.`,
  );
}
