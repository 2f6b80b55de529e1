import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { declaredMembers } from '../../__fixtures__/declared-members.js';
import { decodeResponsesRequest } from './decode-request.js';
import { RESPONSE_FIELDS } from './request-fields.js';

describe('the members of a request for a response', () => {
  it('that the official library declares are all decided on', () => {
    const members = declaredMembers('responses/responses.d.ts', 'ResponseCreateParamsBase');
    expect(members).toContain('previous_response_id');
    expect(members.filter((member) => !(member in RESPONSE_FIELDS))).toEqual([]);
  });

  it('never reach the engine under the names of this API', () => {
    const asked = { model: 'm', input: 'Hi', top_k: 3, truncation: 'disabled', prompt_cache_key: 'k' };
    expect(decodeResponsesRequest(JSON.stringify(asked)).parameters).toEqual({ top_k: 3 });
  });

  it.each([
    ['conversation', 'conv_1'],
    ['prompt', { id: 'pmpt_1' }],
    ['context_management', []],
    ['moderation', {}],
    ['max_tool_calls', 3],
    ['truncation', 'auto'],
  ])('are refused by name when nothing here does it: %s', (name, value) => {
    const body = JSON.stringify({ model: 'm', input: 'Hi', [name]: value });
    expect(() => decodeResponsesRequest(body)).toThrow(`"${name}" is not supported: `);
  });

  it('all stand on the page that describes the API', () => {
    const page = readFileSync(new URL('../../../../../docs/api.md', import.meta.url), 'utf8');
    const section = page.slice(page.indexOf('## Responses'), page.indexOf('## Messages'));
    const members = Object.keys(RESPONSE_FIELDS).filter((member) => member !== 'model');
    expect(members.filter((member) => !section.includes(`\`${member}\``))).toEqual([]);
  });
});
