import {
  type Fields,
  invalid,
  isObject,
  isString,
  join,
  LIST,
  OBJECT,
  optional,
  quote,
  refuseFields,
  required,
  SWITCH,
  TEXT,
} from './fields.js';
import { BLOCK_FIELDS } from './request-fields.js';

/** One part of the content of a chat message. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** A block of content whose type and fields are known to be taken here. */
export interface Block {
  readonly type: string;
  readonly fields: Fields;
  /** Where it stands, such as `messages.0.content.1`. */
  readonly path: string;
}

/** Between the texts of one message, as llama-server joins them. */
const BETWEEN_TEXTS = '\n';

/** Content is a string or blocks; a string is one block of text. @throws LongshoreError */
export function readBlocks(content: unknown, path: string, types: readonly string[]): readonly Block[] {
  if (isString(content)) return [{ type: 'text', fields: { type: 'text', text: content }, path }];
  if (!Array.isArray(content)) throw invalid(path, 'must be a string or an array of blocks.');
  return content.map((block: unknown, index) => readBlock(block, join(path, index), types));
}

function readBlock(block: unknown, path: string, types: readonly string[]): Block {
  if (!isObject(block)) throw invalid(path, 'must be a block, an object with a "type".');
  const { type } = block;
  if (!isString(type) || !types.includes(type)) {
    throw invalid(
      path,
      `blocks of type ${quote(type)} are not supported here; there can be ${types.join(', ')}.`,
    );
  }
  refuseFields(block, BLOCK_FIELDS[type] ?? {}, path);
  return { type, fields: block, path };
}

/** What a block shows a model. @throws LongshoreError */
export function encodeParts({ type, fields, path }: Block): readonly Part[] {
  switch (type) {
    case 'text':
      return [text(required(fields, 'text', TEXT, path))];
    case 'image':
      return [encodeImage(required(fields, 'source', OBJECT, path), join(path, 'source'))];
    case 'document':
      return encodeDocument(fields, path);
    case 'search_result':
      return encodeSearchResult(fields, path);
    default:
      throw invalid(path, `blocks of type ${quote(type)} are not supported here.`);
  }
}

/** One string where there is nothing but text: most templates know no parts. */
export function joinParts(parts: readonly Part[]): string | readonly Part[] {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return texts.length === parts.length ? texts.join(BETWEEN_TEXTS) : parts;
}

export function text(words: string): Part {
  return { type: 'text', text: words };
}

function encodeImage(source: Fields, path: string): Part {
  switch (source['type']) {
    case 'base64': {
      const type = required(source, 'media_type', TEXT, path);
      return image(`data:${type};base64,${required(source, 'data', TEXT, path)}`);
    }
    case 'url':
      return image(readAddress(source, path));
    default:
      throw invalid(
        path,
        `images come as "base64" or "url", not as ${quote(source['type'])}: no files are kept here.`,
      );
  }
}

/** What the engine then makes of it is its own affair; nothing but the web is an address. */
function readAddress(source: Fields, path: string): string {
  const url = required(source, 'url', TEXT, path);
  if (/^(?:https?|data):/i.test(url)) return url;
  throw invalid(join(path, 'url'), 'must begin with https:// or http://.');
}

function image(url: string): Part {
  return { type: 'image_url', image_url: { url } };
}

function encodeDocument(fields: Fields, path: string): readonly Part[] {
  refuseCitations(fields, path);
  const head = ['title', 'context'].flatMap((name) => optional(fields, name, TEXT, path) ?? []).map(text);
  return [...head, ...documentParts(required(fields, 'source', OBJECT, path), join(path, 'source'))];
}

function documentParts(source: Fields, path: string): readonly Part[] {
  switch (source['type']) {
    case 'text':
      return [text(required(source, 'data', TEXT, path))];
    case 'content':
      return readBlocks(source['content'], join(path, 'content'), ['text', 'image']).flatMap(encodeParts);
    case 'base64':
      throw invalid(path, 'PDF documents are not supported: send their text, or their pages as images.');
    default:
      throw invalid(
        path,
        `documents come as "text" or "content", not as ${quote(source['type'])}: no files are kept and none are fetched here.`,
      );
  }
}

function encodeSearchResult(fields: Fields, path: string): readonly Part[] {
  refuseCitations(fields, path);
  const head = ['title', 'source'].map((name) => text(required(fields, name, TEXT, path)));
  const content = required(fields, 'content', LIST, path);
  return [...head, ...readBlocks(content, join(path, 'content'), ['text']).flatMap(encodeParts)];
}

function refuseCitations(fields: Fields, path: string): void {
  const within = join(path, 'citations');
  const enabled = optional(optional(fields, 'citations', OBJECT, path) ?? {}, 'enabled', SWITCH, within);
  if (enabled === true) throw invalid(within, 'no model here can cite; leave "citations" out.');
}
