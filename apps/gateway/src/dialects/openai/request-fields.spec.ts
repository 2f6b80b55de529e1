import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { declaredMembers } from '../../__fixtures__/declared-members.js';
import { refuseFields } from '../../http/request-field.js';
import { CHAT_FIELDS, COMPLETION_FIELDS, EMBEDDING_FIELDS } from './request-fields.js';

describe('the members of requests', () => {
  it.each([
    ['chat/completions/completions.d.ts', 'ChatCompletionCreateParamsBase', CHAT_FIELDS],
    ['completions.d.ts', 'CompletionCreateParamsBase', COMPLETION_FIELDS],
    ['embeddings.d.ts', 'EmbeddingCreateParams', EMBEDDING_FIELDS],
  ])('that %s declares for %s are all decided on', (file, name, fields) => {
    const members = declaredMembers(file, name);
    expect(members).toContain('model');
    expect(members.filter((member) => !(member in fields))).toEqual([]);
  });

  it.each([
    [CHAT_FIELDS, { audio: { voice: 'alloy' } }, 'audio'],
    [CHAT_FIELDS, { modalities: ['text', 'audio'] }, 'modalities'],
    [CHAT_FIELDS, { moderation: {} }, 'moderation'],
    [CHAT_FIELDS, { web_search_options: {} }, 'web_search_options'],
    [CHAT_FIELDS, { functions: [{ name: 'f' }] }, 'functions'],
    [CHAT_FIELDS, { function_call: { name: 'f' } }, 'function_call'],
    [COMPLETION_FIELDS, { best_of: 3, n: 2 }, 'best_of'],
  ])('that engines would ignore with harm are refused by name (%#: %o)', (fields, body, name) => {
    let refusal: unknown;
    try {
      refuseFields(body, fields);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(LongshoreError);
    expect(refusal).toMatchObject({ code: 'invalid_request', field: name });
    expect((refusal as Error).message).toMatch(new RegExp(`^"${name}" is not supported: .+\\.$`));
  });

  it.each([
    [CHAT_FIELDS, { modalities: ['text'], audio: null, function_call: 'auto' }],
    [CHAT_FIELDS, { top_k: 40, chat_template_kwargs: {} }],
    [COMPLETION_FIELDS, { best_of: 2, n: 2 }],
    [COMPLETION_FIELDS, { best_of: 1 }],
    [EMBEDDING_FIELDS, JSON.parse('{"__proto__": {"audio": 1}}') as Record<string, unknown>],
  ])('that ask for nothing, and strange ones, are let through (%#)', (fields, body) => {
    expect(() => refuseFields(body, fields)).not.toThrow();
  });

  it('all stand on the page that describes the API', () => {
    const page = readFileSync(new URL('../../../../../docs/api.md', import.meta.url), 'utf8');
    const section = page.slice(page.indexOf('## Inference'), page.indexOf('## Streams'));
    const members = Object.keys({ ...CHAT_FIELDS, ...COMPLETION_FIELDS, ...EMBEDDING_FIELDS });
    expect(members.filter((member) => !section.includes(`\`${member}\``))).toEqual([]);
  });
});
