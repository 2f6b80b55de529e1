import {
  COUNT,
  type Fields,
  invalid,
  isObject,
  join,
  NUMBER,
  OBJECT,
  optional,
  quote,
  required,
  TEXT,
} from './fields.js';

export interface DecodedSettings {
  /** Members of the body of the chat completion. */
  readonly parameters: Fields;
  readonly showThinking: boolean;
}

/** Efforts of the Messages API beyond those that templates know. */
const BEYOND_HIGH = new Set(['xhigh', 'max']);
const EFFORTS = new Set(['low', 'medium', 'high', ...BEYOND_HIGH]);

/** Edits of a conversation that leave it as it is. */
const KEEPS_ALL = 'clear_thinking_20251015';

/** How to draw tokens, to think, and to write. @throws LongshoreError */
export function decodeSettings(body: Fields): DecodedSettings {
  refuseEdits(optional(body, 'context_management', OBJECT));
  const thinking = optional(body, 'thinking', OBJECT);
  const config = optional(body, 'output_config', OBJECT) ?? {};
  const parameters = {
    temperature: optional(body, 'temperature', NUMBER),
    top_p: optional(body, 'top_p', NUMBER),
    top_k: optional(body, 'top_k', NUMBER),
    user: optional(optional(body, 'metadata', OBJECT) ?? {}, 'user_id', TEXT, 'metadata'),
    reasoning_effort: decodeEffort(optional(config, 'effort', TEXT, 'output_config')),
    response_format: decodeFormat(config, 'output_config.format') ?? decodeFormat(body, 'output_format'),
    ...decodeThinking(thinking, body),
  };
  return {
    parameters: Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)),
    showThinking: thinking?.['display'] !== 'omitted',
  };
}

/** Whether a model thinks is a matter of its template; llama-server keeps to a budget. */
function decodeThinking(thinking: Fields | undefined, body: Fields): Fields {
  switch (thinking?.['type']) {
    case undefined:
    case 'adaptive':
    case 'between_tools':
      if (thinking !== undefined) required(thinking, 'type', TEXT, 'thinking');
      return {};
    case 'disabled':
      return { chat_template_kwargs: { ...templateVariables(body), enable_thinking: false } };
    case 'enabled':
      return {
        chat_template_kwargs: { ...templateVariables(body), enable_thinking: true },
        thinking_budget_tokens: required(thinking ?? {}, 'budget_tokens', COUNT, 'thinking'),
      };
    default:
      throw invalid(
        'thinking.type',
        `must be "enabled", "disabled" or "adaptive", not ${quote(thinking?.['type'])}.`,
      );
  }
}

/** What the caller itself says to the template. */
function templateVariables(body: Fields): Fields {
  return optional(body, 'chat_template_kwargs', OBJECT) ?? {};
}

function decodeEffort(effort: string | undefined): string | undefined {
  if (effort === undefined) return undefined;
  if (!EFFORTS.has(effort))
    throw invalid('output_config.effort', `must be ${[...EFFORTS].join(', ')}, not ${quote(effort)}.`);
  return BEYOND_HIGH.has(effort) ? 'high' : effort;
}

function decodeFormat(fields: Fields, path: string): Fields | undefined {
  const format = optional(
    fields,
    path.split('.').at(-1) ?? path,
    OBJECT,
    path.split('.').slice(0, -1).join('.'),
  );
  if (format === undefined) return undefined;
  if (format['type'] !== 'json_schema') throw invalid(join(path, 'type'), 'must be "json_schema".');
  const schema = required(format, 'schema', OBJECT, path);
  return { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } };
}

/** The conversation is the caller's: nothing here takes anything out of it. */
function refuseEdits(management: Fields | undefined): void {
  const edits = management?.['edits'] ?? [];
  const harmless =
    Array.isArray(edits) &&
    edits.every((edit: unknown) => isObject(edit) && edit['type'] === KEEPS_ALL && edit['keep'] === 'all');
  if (!harmless)
    throw invalid('context_management', 'is not supported here: edit the conversation before it is sent.');
}
