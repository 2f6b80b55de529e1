import { describe, expect, it } from 'vitest';
import { readDelivered } from './delivered-answer.js';
import { planContinuation, planPrefill, seedAfter } from './plan-continuation.js';

const CHAT = '/v1/chat/completions';
const RAW = '/v1/completions';

const delta = (members: object, index = 0): object => ({ index, delta: members, finish_reason: null });
const role = delta({ role: 'assistant', content: null });
const hello = [role, delta({ content: 'Hel' }), delta({ content: 'lo' })];
const delivered = (choices: readonly object[]) =>
  readDelivered(
    Buffer.from(choices.map((choice) => `data: ${JSON.stringify({ choices: [choice] })}\n\n`).join('')),
  );
const SAMPLING = ['temperature', 'seed', 'top_k', 'top_p', 'stop', 'logit_bias', 'n_probs'];
const plan = (
  route: string,
  request: Readonly<Record<string, unknown>>,
  answer: ReturnType<typeof delivered>,
) => planContinuation({ route, request, answer }, SAMPLING);
const messages = [{ role: 'user', content: 'Hi' }];

describe('planContinuation', () => {
  it('goes on with a plain chat from its pieces, drawing as before', () => {
    const request = { messages, stream: true, temperature: 0.7, seed: 3, max_tokens: 9, user: 'me' };
    expect(plan(CHAT, request, delivered(hello))).toEqual({
      way: 'tokens',
      prompt: { kind: 'chat', request },
      pieces: ['Hel', 'lo'],
      sampling: { temperature: 0.7, seed: 3 },
      limit: 9,
      includeUsage: false,
    });
  });

  it.each([['some text'], [[1, 2, 3]]])('goes on with a raw text after the prompt %j', (prompt) => {
    const text = [{ index: 0, text: 'Hel', finish_reason: null }];
    const request = { prompt, stream_options: { include_usage: true } };
    expect(plan(RAW, request, delivered(text))).toMatchObject({
      way: 'tokens',
      prompt: { kind: 'raw', content: prompt },
      pieces: ['Hel'],
      includeUsage: true,
    });
  });

  it.each([
    ['no limit', {}, undefined],
    ['no limit that says so', { max_tokens: -1 }, undefined],
    ['one token at least', { max_tokens: 0 }, 1],
    ['the newer name', { max_tokens: 2, max_completion_tokens: 4 }, 4],
    ['llama-server’s own name', { n_predict: 5, max_tokens: null, max_completion_tokens: 4 }, 5],
  ])('reads %s as llama-server does', (_, members, limit) => {
    const planned = plan(CHAT, { messages, ...members }, delivered(hello));
    expect(planned.way === 'replay' ? 'replay' : planned.limit).toBe(limit);
  });

  it('says it once more first when the text may have ended at a stop string', () => {
    expect(plan(CHAT, { messages, stop: ['x'] }, delivered(hello)).way).toBe('replay-then-tokens');
    expect(plan(CHAT, { messages, stop: [] }, delivered(hello)).way).toBe('tokens');
  });

  it.each([
    ['several choices', { n: 2 }],
    ['tools', { tools: [{}] }],
    ['a schema', { response_format: { type: 'json_schema' } }],
    ['a grammar', { grammar: 'root ::= "x"' }],
    ['log probabilities', { logprobs: true }],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }],
    ['an answer that the caller began', { messages: [...messages, { role: 'assistant', content: 'Oh' }] }],
    ['a parameter that nobody knows', { wonder: 1 }],
  ])('says it once more for a request with %s', (_, members) => {
    expect(plan(CHAT, { messages, ...members }, delivered(hello))).toEqual({ way: 'replay' });
  });

  it.each([
    ['nothing but a role', [role]],
    ['reasoning', [role, delta({ reasoning_content: 'Hm' }), delta({ content: 'Hi' })]],
    ['a tool call', [role, delta({ tool_calls: [{ index: 0, id: 'x' }] })]],
    ['another choice', [...hello, delta({ content: 'x' }, 1)]],
    ['the end', [...hello, { index: 0, delta: {}, finish_reason: 'stop' }]],
  ])('says it once more after %s', (_, choices) => {
    expect(plan(CHAT, { messages }, delivered(choices))).toEqual({ way: 'replay' });
  });

  it('says several raw texts once more', () => {
    const text = [{ index: 0, text: 'Hel', finish_reason: null }];
    expect(plan(RAW, { prompt: ['a', 'b'] }, delivered(text))).toEqual({ way: 'replay' });
  });
});

describe('planPrefill', () => {
  const thought = [
    role,
    delta({ reasoning_content: 'Hm' }),
    delta({ content: 'Hel' }),
    delta({ content: 'lo' }),
  ];

  it('begins the answer with what was said of it', () => {
    const request = { messages, tools: [{}], max_tokens: 9 };
    expect(planPrefill(request, delivered(thought))).toEqual({
      request: {
        ...request,
        messages: [...messages, { role: 'assistant', content: 'Hello', reasoning_content: 'Hm' }],
      },
      pieces: ['Hm', 'Hel', 'lo'],
      limit: 9,
      includeUsage: false,
    });
  });

  it.each([
    ['a part of a tool call', { messages }, [role, delta({ tool_calls: [{ index: 0, id: 'x' }] })]],
    ['two choices', { messages, n: 2 }, hello],
    ['log probabilities', { messages, logprobs: true }, hello],
    [
      'an answer that the caller began',
      { messages: [...messages, { role: 'assistant', content: 'Oh' }] },
      hello,
    ],
    ['a raw text', { prompt: 'x' }, [{ index: 0, text: 'Hel' }]],
    ['nothing but a role', { messages }, [role]],
  ])('has no way for %s', (_, request, choices) => {
    expect(planPrefill(request, delivered(choices))).toBeUndefined();
  });
});

describe('seedAfter', () => {
  it('gives another seed for each place, and none where none was', () => {
    expect(seedAfter(7, 5)).toEqual({ seed: 12 });
    expect(seedAfter(0xffff_fffe, 5)).toEqual({ seed: 4 });
    expect(seedAfter(-1, 5)).toEqual({});
    expect(seedAfter(undefined, 5)).toEqual({});
  });
});
