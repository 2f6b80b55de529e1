import { decodeFormat } from './decode-format.js';
import { decodeImages } from './decode-images.js';
import { decodeKeepAlive } from './decode-keep-alive.js';
import { decodeMessages } from './decode-messages.js';
import { decodeOptions, mergedOptions } from './decode-options.js';
import { decodeThink } from './decode-think.js';
import {
  type JsonObject,
  present,
  readCount,
  readFlag,
  readList,
  readModel,
  readObjects,
  readText,
  refuse,
} from './fields.js';
import type { CallDefaults, ModelWishes, OllamaCall } from './ollama-call.js';

const MOST_LOGPROBS = 20;
const UNBOUND = { least: -Infinity, most: Infinity };

/** Template by which Ollama says that there is none. */
const BARE_TEMPLATE = /^\s*\{\{-?\s*\.Prompt\s*-?\}\}\s*$/;

/** Body of `POST /api/chat`. @throws LongshoreError that names the field at fault */
export function decodeChat(body: JsonObject, defaults: CallDefaults = {}): OllamaCall {
  const { sampling, ...wishes } = readWishes(body, defaults);
  const { members, told } = decodeThink(body);
  const call = {
    ...wishes,
    shape: 'chat',
    route: CHAT,
    streaming: isStreaming(body),
    thinking: told,
  } as const;
  const asked = decodeMessages(body);
  if (asked.length === 0) return call;
  const messages = [...decodeMessages({ messages: defaults.messages }), ...asked];
  const system = asked[0]?.['role'] === 'system' ? undefined : defaults.system;
  const tools = decodeTools(body);
  return {
    ...call,
    body: present({
      model: wishes.model,
      messages: system ? [{ role: 'system', content: system }, ...messages] : messages,
      ...STREAMED,
      tools,
      response_format: decodeFormat(body),
      ...members,
      ...decodeLogprobs(body),
      ...sampling,
    }),
  };
}

/** Body of `POST /api/generate`. @throws LongshoreError that names the field at fault */
export function decodeGenerate(body: JsonObject, defaults: CallDefaults = {}): OllamaCall {
  refuseWhatCannotBeHad(body);
  const { sampling, ...wishes } = readWishes(body, defaults);
  const { members, told } = decodeThink(body);
  const call = { ...wishes, shape: 'generate', streaming: isStreaming(body) } as const;
  const prompt = readText(body, 'prompt') ?? '';
  const images = decodeImages(body, 'images');
  const raw = isRaw(body);
  if (prompt === '' && images.length === 0) return { ...call, route: CHAT, thinking: told };
  if (raw) {
    if (images.length > 0)
      throw refuse('images', 'cannot be sent with raw; send them without, or by /api/chat.');
    return {
      ...call,
      route: TEXT,
      thinking: false,
      body: rawBody(body, { model: wishes.model, prompt, sampling }),
    };
  }
  const system = readText(body, 'system') || defaults.system;
  const content = images.length === 0 ? prompt : [{ type: 'text', text: prompt }, ...images];
  const messages = [
    ...(system ? [{ role: 'system', content: system }] : []),
    ...decodeMessages({ messages: defaults.messages }),
    { role: 'user', content },
  ];
  const asked = { response_format: decodeFormat(body), ...members, ...decodeLogprobs(body), ...sampling };
  return {
    ...call,
    route: CHAT,
    thinking: told,
    body: present({ model: wishes.model, messages, ...STREAMED, ...asked }),
  };
}

const CHAT = '/v1/chat/completions';
const TEXT = '/v1/completions';
const STREAMED = { stream: true, stream_options: { include_usage: true } };

function readWishes(
  body: JsonObject,
  defaults: CallDefaults,
): ModelWishes & { readonly sampling: JsonObject } {
  const keepAlive = decodeKeepAlive(body);
  const options = decodeOptions(mergedOptions(body, defaults.parameters));
  return { model: readModel(body), ...(keepAlive !== undefined && { keepAlive }), ...options };
}

function isStreaming(body: JsonObject): boolean {
  return readFlag(body, 'stream') ?? true;
}

function isRaw(body: JsonObject): boolean {
  return readFlag(body, 'raw') === true || BARE_TEMPLATE.test(readText(body, 'template') ?? '');
}

function rawBody(
  body: JsonObject,
  {
    model,
    prompt,
    sampling,
  }: { readonly model: string; readonly prompt: string; readonly sampling: JsonObject },
): JsonObject {
  const format = decodeFormat(body);
  const { logprobs, top_logprobs: top } = decodeLogprobs(body);
  return present({
    model,
    prompt,
    ...STREAMED,
    response_format: format,
    // llama.cpp reads the schema of a prompt here only.
    json_schema: format && schemaOf(format),
    logprobs: logprobs === true ? (top ?? 1) : undefined,
    ...sampling,
  });
}

function schemaOf({ json_schema: named }: JsonObject): unknown {
  return (named as { readonly schema: unknown } | undefined)?.schema ?? { type: 'object' };
}

function decodeTools(body: JsonObject): readonly JsonObject[] | undefined {
  const tools = readObjects(body, 'tools') ?? [];
  return tools.length === 0 ? undefined : tools.map((tool) => ({ type: 'function', ...tool }));
}

function decodeLogprobs(body: JsonObject): { readonly logprobs?: true; readonly top_logprobs?: number } {
  const top = readCount(body, 'top_logprobs', { least: 0, most: MOST_LOGPROBS });
  if (readFlag(body, 'logprobs') !== true) return {};
  return { logprobs: true, ...(top !== undefined && top > 0 && { top_logprobs: top }) };
}

function refuseWhatCannotBeHad(body: JsonObject): void {
  if (readText(body, 'suffix'))
    throw refuse(
      'suffix',
      'cannot be had: send "raw": true and a prompt with the fill-in-the-middle tokens of the model.',
    );
  if ((readList(body, 'context') ?? []).length > 0)
    throw refuse('context', 'cannot be had: send the conversation to /api/chat.');
  const template = readText(body, 'template');
  if (template && !BARE_TEMPLATE.test(template))
    throw refuse(
      'template',
      'cannot be had: engines use the template of the model; with "raw" they use none.',
    );
  for (const name of ['width', 'height', 'steps'])
    if (readCount(body, name, UNBOUND)) throw refuse(name, 'cannot be had: no engine here makes images.');
}
