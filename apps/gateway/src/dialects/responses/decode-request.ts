import { LongshoreError } from '#contracts';
import { readJsonBody } from '../../http/json-body.js';
import { refuseFields } from '../../http/request-field.js';
import { STOPS_AT_ONCE, stopsAtOnce } from '../../http/stop-texts.js';
import { decodeTools, type ToolChoice } from './decode-tools.js';
import { invalid, isObject, isString, type Item } from './fields.js';
import { RESPONSE_FIELDS } from './request-fields.js';

/** A request to create a response. */
export interface ResponsesRequest {
  readonly model: string;
  /** Items of this turn, without those of earlier responses. */
  readonly input: readonly Item[];
  readonly instructions?: string;
  readonly previousResponseId?: string;
  readonly stream: boolean;
  readonly background: boolean;
  readonly store: boolean;
  /** Members for the chat completion body, in its own words. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Members of the response object that repeat the request or its defaults. */
  readonly echoed: Readonly<Record<string, unknown>>;
}

type Body = Readonly<Record<string, unknown>>;

const LONGEST_MODEL_NAME = 1_024;

/** Parts of an answer that can be asked for by `include`. */
const LOGPROBS = 'message.output_text.logprobs';
const INCLUDABLE = new Set([LOGPROBS, 'reasoning.encrypted_content', 'message.input_image.image_url']);

/** @throws LongshoreError that names the member at fault. Members nobody knows go to the engine untouched. */
export function decodeResponsesRequest(text: unknown): ResponsesRequest {
  const body = readJsonBody(text);
  refuseUnsupported(body);
  const { tools, choice } = decodeTools(body['tools'], body['tool_choice']);
  const instructions = optional(body, 'instructions', isString, 'a string');
  const previousResponseId = optional(body, 'previous_response_id', isString, 'a string');
  const request = {
    model: decodeModel(body),
    input: decodeInput(body['input'], previousResponseId !== undefined),
    stream: optional(body, 'stream', isBoolean, 'true or false') ?? false,
    background: optional(body, 'background', isBoolean, 'true or false') ?? false,
    store: optional(body, 'store', isBoolean, 'true or false') ?? true,
    parameters: { ...strangers(body), ...decodeParameters(body), ...choice.parameters },
    echoed: echo(body, tools, choice),
    ...(instructions !== undefined && { instructions }),
    ...(previousResponseId !== undefined && { previousResponseId }),
  };
  if (request.background && !request.store) {
    throw invalid('"background" needs "store": a response that is not stored cannot be fetched.', 'store');
  }
  return request;
}

/** Only the model of a request that asks for nothing else. @throws LongshoreError */
export function decodeModelOnly(text: unknown): string {
  return decodeModel(readJsonBody(text));
}

function refuseUnsupported(body: Body): void {
  refuseFields(body, RESPONSE_FIELDS);
  if ((body['n'] ?? 1) !== 1) throw invalid('"n" must be 1: a response is one answer.', 'n');
  if (stopsAtOnce(body['stop'])) throw invalid(`"stop" ${STOPS_AT_ONCE}`, 'stop');
  const include = optional(body, 'include', isStrings, 'an array of strings') ?? [];
  const unknown = include.find((name) => !INCLUDABLE.has(name));
  if (unknown !== undefined)
    throw invalid(`"include" of "${unknown.slice(0, 100)}" is not supported.`, 'include');
}

function decodeModel(body: Body): string {
  const { model } = body;
  if (model === undefined || model === null || model === '') {
    throw new LongshoreError('model_required', 'model is required', 'model');
  }
  if (!isString(model)) throw invalid('"model" must be a string.', 'model');
  if (model.length > LONGEST_MODEL_NAME)
    throw invalid(`"model" must not be longer than ${LONGEST_MODEL_NAME} characters.`, 'model');
  return model;
}

function decodeInput(input: unknown, chained: boolean): readonly Item[] {
  if (isString(input)) return [{ type: 'message', role: 'user', content: input }];
  if (Array.isArray(input) && input.every(isObject)) return input;
  if ((input === undefined || input === null) && chained) return [];
  throw invalid('"input" must be a string or an array of items.', 'input');
}

/** Sampling and format, in the words of a chat completion. */
function decodeParameters(body: Body): Record<string, unknown> {
  const include = optional(body, 'include', isStrings, 'an array of strings') ?? [];
  const limit = optional(body, 'max_output_tokens', isCount, 'a whole number above 0');
  const logprobs = optional(body, 'top_logprobs', isNumber, 'a number');
  const reasoning = optional(body, 'reasoning', isObject, 'an object');
  const text = optional(body, 'text', isObject, 'an object');
  const format = decodeFormat(text?.['format']);
  const parameters = {
    temperature: optional(body, 'temperature', isNumber, 'a number'),
    top_p: optional(body, 'top_p', isNumber, 'a number'),
    parallel_tool_calls: optional(body, 'parallel_tool_calls', isBoolean, 'true or false'),
    user: optional(body, 'user', isString, 'a string'),
    service_tier: optional(body, 'service_tier', isString, 'a string'),
    max_tokens: limit,
    logprobs: include.includes(LOGPROBS) || logprobs !== undefined || undefined,
    top_logprobs: logprobs,
    reasoning_effort: reasoning?.['effort'] ?? body['reasoning_effort'] ?? undefined,
    verbosity: text?.['verbosity'] ?? undefined,
    response_format: format,
  };
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}

function decodeFormat(format: unknown): Record<string, unknown> | undefined {
  if (format === undefined || format === null) return undefined;
  if (!isObject(format)) throw invalid('"text.format" must be an object.', 'text.format');
  const { type, ...rest } = format;
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type };
  if (type !== 'json_schema') {
    throw invalid('"text.format.type" must be "text", "json_object" or "json_schema".', 'text.format');
  }
  if (!isObject(rest['schema'])) throw invalid('"text.format.schema" must be an object.', 'text.format');
  return { type, json_schema: rest };
}

/** What the response object says again. Absent members have the defaults of the API. */
function echo(body: Body, tools: readonly Item[], choice: ToolChoice): Record<string, unknown> {
  const repeated = Object.fromEntries(
    ['prompt_cache_key', 'prompt_cache_retention', 'safety_identifier', 'user', 'reasoning_effort']
      .filter((name) => body[name] !== undefined)
      .map((name) => [name, body[name]]),
  );
  return {
    instructions: body['instructions'] ?? null,
    metadata: optional(body, 'metadata', isObject, 'an object') ?? {},
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    temperature: body['temperature'] ?? 1,
    top_p: body['top_p'] ?? 1,
    tool_choice: choice.echoed,
    tools,
    max_output_tokens: body['max_output_tokens'] ?? null,
    top_logprobs: body['top_logprobs'] ?? 0,
    reasoning: body['reasoning'] ?? { effort: null, summary: null },
    text: body['text'] ?? { format: { type: 'text' } },
    truncation: 'disabled',
    service_tier: 'default',
    ...repeated,
  };
}

/** Parameters of engines that the API does not know, such as `top_k`. */
function strangers(body: Body): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !Object.hasOwn(RESPONSE_FIELDS, name)));
}

function optional<T>(
  body: Body,
  name: string,
  check: (value: unknown) => value is T,
  what: string,
): T | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!check(value)) throw invalid(`"${name}" must be ${what}.`, name);
  return value;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}
