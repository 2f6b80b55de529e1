import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { estimateMemory, type GgufHeader, mergeGgufHeaders, readGgufHeader } from '#models';
import type { ModelFiles } from '#engines';

export interface NeedQuestion {
  readonly files: ModelFiles;
  /** Bytes of all files of the model. */
  readonly size: number;
  /** Tokens of a slot; undefined = the model's own. */
  readonly contextSize: number | undefined;
  readonly slots: number;
  readonly draft?: ModelFiles;
}

/** Weights are not all that an engine of safetensors keeps. */
const ACTIVATION_SHARE = 1.2;

const UNKNOWN_CONTEXT = 4_096;

/** Bytes a model can be expected to take. A hint: 0 when nothing can be said. */
export async function estimateNeed(question: NeedQuestion): Promise<number> {
  const { files, size, draft } = question;
  if (files.format === 'remote') return 0;
  if (files.format === 'safetensors') return Math.ceil(size * ACTIVATION_SHARE);
  const parts = await Promise.all([
    needOfGguf(files.weights, question),
    draft === undefined ? 0 : needOfGguf(draft.weights, question),
    files.projector === undefined ? 0 : sizeOf(files.projector),
  ]);
  return parts.reduce((sum, bytes) => sum + bytes, 0);
}

async function needOfGguf(weights: string, { contextSize, slots }: NeedQuestion): Promise<number> {
  try {
    const header = mergeGgufHeaders(await Promise.all((await shardsOf(weights)).map(readGgufHeader)));
    return estimateMemory(header, { contextSize: contextSize ?? contextOf(header), slots }).admission;
  } catch {
    // The engine says what is wrong with the file.
    return sizeOf(weights);
  }
}

function contextOf(header: GgufHeader): number {
  return header.contextLength ?? UNKNOWN_CONTEXT;
}

/** All files of a model that is split, given the first. */
async function shardsOf(weights: string): Promise<readonly string[]> {
  const match = /^(.*)-00001-of-(\d{5})\.gguf$/.exec(basename(weights));
  if (match === null) return [weights];
  const [, stem = '', count = ''] = match;
  const names = await readdir(dirname(weights));
  return names
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(`-of-${count}.gguf`))
    .toSorted()
    .map((name) => join(dirname(weights), name));
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
