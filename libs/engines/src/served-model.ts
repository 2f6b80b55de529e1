import { isObject } from './request-body.js';

const WHITESPACE = new Set([' ', '\t', '\n', '\r']);

/**
 * The text of a JSON object with its top-level `model` replaced, for engines that answer to one name only. All else
 * stays byte for byte; of several members of that name each is replaced, and a body that names no model gets the name
 * as its last member. Text that is no JSON object is returned as it is: the engine says what is wrong with it.
 */
export function withServedModel(text: string, servedName: string): string {
  if (!isJsonObject(text)) return text;
  const values = modelValues(text);
  const name = JSON.stringify(servedName);
  if (values.length === 0) return withMember(text, `"model":${name}`);
  return splice(text, values, name);
}

/** Half-open range of a value in the text. */
interface Range {
  readonly start: number;
  readonly end: number;
}

function splice(text: string, ranges: readonly Range[], replacement: string): string {
  let spliced = '';
  let copied = 0;
  for (const { start, end } of ranges) {
    spliced += text.slice(copied, start) + replacement;
    copied = end;
  }
  return spliced + text.slice(copied);
}

function withMember(text: string, member: string): string {
  const end = text.lastIndexOf('}');
  const head = text.slice(0, end).trimEnd();
  return `${head}${head.endsWith('{') && head.trimStart() === '{' ? '' : ','}${member}${text.slice(end)}`;
}

function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Where the values of the outermost members named `model` stand. The text must be a JSON object. */
function modelValues(text: string): Range[] {
  const ranges: Range[] = [];
  let at = afterSpace(text, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const keyEnd = endOfString(text, at);
    const isModel = JSON.parse(text.slice(at, keyEnd)) === 'model';
    const start = afterSpace(text, afterSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    if (isModel) ranges.push({ start, end });
    // Over the comma that parts it from the next member.
    at = afterSpace(text, afterSpace(text, end) + 1);
  }
  return ranges;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (WHITESPACE.has(text[at] ?? '')) at += 1;
  return at;
}

/** The place behind the closing quote of the string that starts at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The place behind the value that starts at `from`. */
function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  if (text[from] === '{' || text[from] === '[') return endOfBrackets(text, from);
  let at = from;
  while (at < text.length && !/[\s,}\]]/.test(text[at] ?? '')) at += 1;
  return at;
}

function endOfBrackets(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
  } while (depth > 0 && at < text.length);
  return at;
}
