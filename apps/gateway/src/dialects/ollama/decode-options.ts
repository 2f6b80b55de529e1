import { STOPS_AT_ONCE, stopsAtOnce } from '../../http/stop-texts.js';
import { isObject, type JsonObject, readCount, readObject, refuse } from './fields.js';
import { OPTION_RULES } from './option-rules.js';

export interface DecodedOptions {
  /** In the words of the engines. */
  readonly sampling: JsonObject;
  /** Tokens that the model is to have room for. */
  readonly contextSize?: number;
}

const LARGEST = 2 ** 31 - 1;

/**
 * What `options` ask for. Options that nobody knows have no effect, as with Ollama.
 * @param path of the options in the body
 * @throws LongshoreError that names the option
 */
export function decodeOptions(options: JsonObject, path = 'options'): DecodedOptions {
  const sampling: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(OPTION_RULES, name) ? OPTION_RULES[name] : undefined;
    if (rule === undefined || value === null || value === undefined) continue;
    const field = `${path}.${name}`;
    if (rule.kind === 'number') checkNumber(value, field);
    else if (rule.kind === 'integer') checkInteger(value, field);
    else if (rule.kind === 'texts') checkTexts(value, field);
    for (const word of rule.becomes ?? []) sampling[word] = value;
  }
  // Without a limit an answer ends where the model ends it, or its context does.
  if (typeof sampling['max_tokens'] === 'number' && sampling['max_tokens'] <= 0)
    delete sampling['max_tokens'];
  const contextSize = readCount(options, 'num_ctx', { least: 0, most: LARGEST }, `${path}.num_ctx`);
  return { sampling, ...(contextSize !== undefined && contextSize > 0 && { contextSize }) };
}

/** The options of a request over those that its model's name brings along. @throws LongshoreError */
export function mergedOptions(body: JsonObject, defaults: JsonObject | undefined): JsonObject {
  const options = readObject(body, 'options') ?? {};
  const said = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  return { ...(isObject(defaults) ? defaults : {}), ...Object.fromEntries(said) };
}

function checkNumber(value: unknown, field: string): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(field, 'must be a number.');
}

function checkInteger(value: unknown, field: string): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw refuse(field, 'must be a whole number.');
}

function checkTexts(value: unknown, field: string): void {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.some((text) => typeof text !== 'string')) throw refuse(field, 'must be a list of strings.');
  if (stopsAtOnce(value)) throw refuse(field, STOPS_AT_ONCE);
}
