import { LongshoreError } from '#contracts';
import { STOPS_AT_ONCE, stopsAtOnce } from '../../http/stop-texts.js';
import { type ChatMessage, decodeMessages } from './decode-messages.js';
import { decodeSettings } from './decode-settings.js';
import { decodeTools } from './decode-tools.js';
import {
  COUNT,
  type Fields,
  invalid,
  isString,
  LIST,
  optional,
  refuseFields,
  SWITCH,
  TEXTS,
} from './fields.js';
import { BODY_FIELDS } from './request-fields.js';

/** A request for a message, or for the count of its tokens, as a chat completion. */
export interface MessagesRequest {
  /** As the caller wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Body of the chat completion, without what says how to answer it. */
  readonly chat: Fields & { readonly messages: readonly ChatMessage[] };
  /** Undefined where only tokens are counted. */
  readonly maxTokens: number | undefined;
  readonly stopSequences: readonly string[];
  /** Whether thoughts are told, or only that there were some. */
  readonly showThinking: boolean;
  /** Names of the tools whose input is to be told while it is written. */
  readonly eagerTools: ReadonlySet<string>;
}

const LONGEST_MODEL_NAME = 1_024;

/** @throws LongshoreError */
export function decodeModel({ model }: Fields): string {
  if (model === undefined || model === null || model === '') {
    throw new LongshoreError('model_required', 'Missing required field: model', 'model');
  }
  if (!isString(model)) throw invalid('model', 'must be a string.');
  if (model.length > LONGEST_MODEL_NAME)
    throw invalid('model', `must not be longer than ${LONGEST_MODEL_NAME} characters.`);
  return model;
}

/**
 * @param counting whether only tokens are counted: then nothing limits the answer
 * @throws LongshoreError that names the field at fault
 */
export function decodeRequest(body: Fields, counting = false): MessagesRequest {
  const model = decodeModel(body);
  for (const name of counting ? ['messages'] : ['messages', 'max_tokens']) requirePresent(body, name);
  refuseFields(body, BODY_FIELDS);
  const turns = optional(body, 'messages', LIST) ?? [];
  if (turns.length === 0) throw invalid('messages', 'must have at least one message.');
  const messages = decodeMessages(body['system'], turns);
  const maxTokens = optional(body, 'max_tokens', COUNT);
  if ((body['n'] ?? 1) !== 1) throw invalid('n', 'must be 1: a message is one answer.');
  for (const name of ['stop_sequences', 'stop'])
    if (stopsAtOnce(body[name])) throw invalid(name, STOPS_AT_ONCE);
  const stopSequences = optional(body, 'stop_sequences', TEXTS) ?? [];
  const { parameters, eager } = decodeTools(body);
  const settings = decodeSettings(body);
  return {
    model,
    stream: optional(body, 'stream', SWITCH) ?? false,
    maxTokens,
    stopSequences,
    showThinking: settings.showThinking,
    eagerTools: eager,
    chat: {
      ...strangers(body),
      ...settings.parameters,
      ...parameters,
      ...(stopSequences.length > 0 && { stop: stopSequences }),
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...goingOn(messages),
      model,
      messages,
    },
  };
}

function requirePresent(body: Fields, name: string): void {
  if (body[name] !== undefined && body[name] !== null) return;
  throw new LongshoreError('invalid_request', `Missing required field: ${name}`, name);
}

/** Parameters of engines that the API does not know, such as `min_p`. */
function strangers(body: Fields): Fields {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !Object.hasOwn(BODY_FIELDS, name)));
}

/** An answer that the caller has begun goes on from there and does not repeat it. */
function goingOn(messages: readonly ChatMessage[]): Fields {
  const last = messages.at(-1);
  if (last?.['role'] !== 'assistant' || last['tool_calls'] !== undefined) return {};
  return { continue_final_message: true, add_generation_prompt: false };
}
