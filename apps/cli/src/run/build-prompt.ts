import { type CommandFailure, wrongUsage } from '../command-failure.js';
import { encodeImage } from './encode-image.js';
import { type FileReference, findReferences } from './find-references.js';

/** A user message as the chat completions take it. */
export interface Prompt {
  readonly content: string | readonly ContentPart[];
  /** What the user may want to know of how it was read; a sentence each. */
  readonly notes: readonly string[];
}

export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** Bytes of a file; undefined when there is none of that name. @throws CommandFailure when it cannot be read */
export type ReadFile = (path: string) => Promise<Buffer | undefined>;

export interface PromptSource {
  /** What the user has written, in which files may be named. */
  readonly typed: string;
  /** What came by a pipe: somebody else's words, in which nothing is looked for. */
  readonly piped: string;
  /** Paths of images beside it. */
  readonly images: readonly string[];
}

/** Puts the files that a prompt names in their places. @throws CommandFailure for a file that is missing or no text */
export async function buildPrompt(source: PromptSource, read: ReadFile): Promise<Prompt> {
  const notes: string[] = [];
  const images: string[] = [];
  for (const path of source.images) images.push(await readImage(path, read));
  let typed = '';
  let end = 0;
  for (const reference of findReferences(source.typed)) {
    const file = await resolve(reference, read);
    if (file === undefined) {
      if (reference.kind === 'marked')
        notes.push(`There is no file for ${reference.text}; it is sent as it is written.`);
      continue;
    }
    typed += source.typed.slice(end, reference.start) + (file.text ?? '') + file.rest;
    end = reference.start + reference.text.length;
    if (file.image !== undefined) images.push(file.image);
  }
  typed += source.typed.slice(end);
  const text = [typed.trim(), source.piped.trimEnd()].filter((part) => part !== '').join('\n\n');
  return { content: images.length === 0 ? text : withImages(text, images), notes };
}

interface ResolvedFile {
  readonly text?: string;
  /** Data URL. */
  readonly image?: string;
  /** Punctuation behind the path, which stays. */
  readonly rest: string;
}

async function resolve(
  { paths, kind, text }: FileReference,
  read: ReadFile,
): Promise<ResolvedFile | undefined> {
  for (const path of paths) {
    const bytes = await read(path);
    if (bytes === undefined) continue;
    const rest = kind === 'quoted' ? '' : text.slice(text.indexOf(path) + path.length).replace(/^"/, '');
    const image = encodeImage(bytes);
    if (image !== undefined) return { image, rest };
    return kind === 'image' ? undefined : { text: readText(path, bytes), rest };
  }
  if (kind === 'quoted') throw noSuchFile(paths[0] ?? '');
  return undefined;
}

async function readImage(path: string, read: ReadFile): Promise<string> {
  const bytes = await read(path);
  if (bytes === undefined) throw noSuchFile(path);
  const image = encodeImage(bytes);
  if (image === undefined)
    throw wrongUsage(`${path} is not an image: it must be PNG, JPEG, WebP, GIF or BMP.`);
  return image;
}

function readText(path: string, bytes: Buffer): string {
  if (!bytes.includes(0)) return bytes.toString('utf8').trimEnd();
  throw wrongUsage(`${path} is neither text nor an image, so that it cannot be a part of a prompt.`);
}

function noSuchFile(path: string): CommandFailure {
  return wrongUsage(`There is no file ${path}.`);
}

function withImages(text: string, images: readonly string[]): ContentPart[] {
  const parts = images.map((url): ContentPart => ({ type: 'image_url', image_url: { url } }));
  return text === '' ? parts : [...parts, { type: 'text', text }];
}
