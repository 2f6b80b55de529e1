import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { readJsonBody } from '../../http/json-body.js';
import { decodeRequest } from './decode-request.js';

const ASKED = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] };

function refusalOf(members: object): string {
  try {
    decodeRequest({ ...ASKED, ...members });
  } catch (error) {
    if (error instanceof LongshoreError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'it was taken';
}

const says = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const said = (...content: object[]) => ({ messages: [...ASKED.messages, { role: 'assistant', content }] });

describe('a request that is wrong', () => {
  it.each<[string, object]>([
    ['Missing required field: max_tokens', { max_tokens: undefined }],
    ['max_tokens: must be a whole number above 0.', { max_tokens: 0 }],
    ['max_tokens: must be a whole number above 0.', { max_tokens: '5' }],
    ['Missing required field: messages', { messages: null }],
    ['messages: must be an array.', { messages: 'Hi' }],
    ['messages: must have at least one message.', { messages: [] }],
    ['messages.0: must be an object with "role" and "content".', { messages: ['Hi'] }],
    [
      'messages.0.role: must be "user", "assistant" or "system", not "tool".',
      { messages: [{ role: 'tool' }] },
    ],
    ['messages.0.content: must be a string or an array of blocks.', { messages: [{ role: 'user' }] }],
    ['messages.0.content: must not be empty.', says()],
    ['messages.0.content.0: must be a block', { messages: [{ role: 'user', content: ['Hi'] }] }],
    ['messages.0.content.0: blocks of type "tool_use" are not supported here', says({ type: 'tool_use' })],
    ['messages.0.content.0: blocks of type nothing', says({})],
    ['messages.0.content.0: blocks of type "__proto__"', says({ type: '__proto__' })],
    ['messages.0.content.0.text: must be a string, but is missing.', says({ type: 'text' })],
    ['messages.1.content.0: blocks of type "image"', said({ type: 'image' })],
    [
      'messages.1.content.0.input: must be an object.',
      said({ type: 'tool_use', id: 'a', name: 'b', input: '{}' }),
    ],
    ['messages.0.content.0.tool_use_id: must be a string', says({ type: 'tool_result' })],
    [
      'messages.0.content.0.is_error: must be true or false.',
      says({ type: 'tool_result', tool_use_id: 'a', is_error: 'yes' }),
    ],
    [
      'messages.0.content.0.source: images come as "base64" or "url", not as "file"',
      says({ type: 'image', source: { type: 'file', file_id: 'f' } }),
    ],
    [
      'messages.0.content.0.source.url: must begin with https:// or http://.',
      says({ type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } }),
    ],
    [
      'messages.0.content.0.source: PDF documents are not supported',
      says({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: '' } }),
    ],
    [
      'messages.0.content.0.source: documents come as "text" or "content", not as "url"',
      says({ type: 'document', source: { type: 'url', url: 'https://x' } }),
    ],
    [
      'messages.0.content.0.citations: no model here can cite',
      says({ type: 'document', citations: { enabled: true }, source: { type: 'text', data: 'x' } }),
    ],
    ['system.0: blocks of type "image"', { system: [{ type: 'image' }] }],
    ['stream: must be true or false.', { stream: 'yes' }],
    ['stop_sequences: must be an array of strings.', { stop_sequences: 'END' }],
    ['stop_sequences: must not hold an empty text', { stop_sequences: ['END', ''] }],
    ['stop: must not hold an empty text', { stop: [''] }],
    ['n: must be 1: a message is one answer.', { n: 2 }],
    ['temperature: must be a number.', { temperature: 'hot' }],
    ['temperature: must be a number.', { temperature: Infinity }],
    ['metadata.user_id: must be a string.', { metadata: { user_id: 5 } }],
    ['tools.0: must be an object.', { tools: ['x'] }],
    [
      'tools.0.type: tools of type "bash_20250124" are not supported',
      { tools: [{ type: 'bash_20250124', name: 'bash' }] },
    ],
    [
      'tools.0.type: tools of type "web_search_20250305"',
      { tools: [{ type: 'web_search_20250305', name: 'w' }] },
    ],
    ['tools.0.input_schema: must be an object, but is missing.', { tools: [{ name: 'a' }] }],
    ['tool_choice: needs "tools" to choose from.', { tool_choice: { type: 'any' } }],
    [
      'tool_choice.type: must be "auto", "any", "tool" or "none", not "some".',
      { tool_choice: { type: 'some' } },
    ],
    ['tool_choice.name: "b" is not among the "tools".', { tool_choice: { type: 'tool', name: 'b' } }],
    [
      'thinking.type: must be "enabled", "disabled" or "adaptive", not "much".',
      { thinking: { type: 'much' } },
    ],
    ['thinking.type: must be a string, but is missing.', { thinking: {} }],
    ['thinking.budget_tokens: must be a whole number above 0', { thinking: { type: 'enabled' } }],
    [
      'output_config.effort: must be low, medium, high, xhigh, max, not "some".',
      { output_config: { effort: 'some' } },
    ],
    ['output_config.format.type: must be "json_schema".', { output_config: { format: { type: 'yaml' } } }],
    [
      'output_config.format.schema: must be an object',
      { output_config: { format: { type: 'json_schema' } } },
    ],
    [
      'context_management: is not supported here',
      { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
    ],
  ])('is told: %s', (sentence, members) => {
    expect(refusalOf(members)).toContain(`invalid_request ${sentence}`);
  });

  it('is told that it names no model before anything else', () => {
    expect(refusalOf({ model: '', max_tokens: 'x' })).toBe('model_required Missing required field: model');
    expect(refusalOf({ model: 5 })).toContain('model: must be a string.');
    expect(refusalOf({ model: 'x'.repeat(2_000) })).toContain('must not be longer');
  });

  it.each([undefined, '', '{', '[]', '"text"', `{"a":${'['.repeat(300)}${']'.repeat(300)}}`])(
    'is no JSON object of a sound depth: %j',
    (text) => {
      expect(() => readJsonBody(text)).toThrow(LongshoreError);
    },
  );

  it('cannot reach prototypes', () => {
    const { chat } = decodeRequest(
      readJsonBody(`{"__proto__":{"model":"x"},${JSON.stringify(ASKED).slice(1)}`),
    );
    expect(Object.getPrototypeOf(chat)).toBe(Object.prototype);
    expect(chat).toMatchObject({ model: 'm' });
  });

  it('needs no limit where only tokens are counted', () => {
    const { max_tokens: _, ...counted } = ASKED;
    expect(decodeRequest(counted, true).maxTokens).toBeUndefined();
  });
});
