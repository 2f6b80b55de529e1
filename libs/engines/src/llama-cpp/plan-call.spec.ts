import { describe, expect, it } from 'vitest';
import { planCall } from './plan-call.js';

const CHAT = '/v1/chat/completions';

describe('planCall', () => {
  it('asks for progress in a stream and leaves the caller’s text as it is', () => {
    expect(planCall(CHAT, '{ "seed": 18446744073709551615, "stream":true } ')).toEqual({
      answer: 'stream',
      body: '{ "seed": 18446744073709551615, "stream":true,"return_progress":true}',
    });
  });

  it('asks for a stream where none was wanted, and for its usage', () => {
    expect(planCall(CHAT, '{"stream":false}')).toEqual({
      answer: 'collect',
      choices: 1,
      body: '{"stream":false,"stream":true,"stream_options":{"include_usage":true},"return_progress":true}',
    });
    expect(planCall('/v1/completions', '{}')).toMatchObject({ answer: 'collect' });
  });

  it.each([
    ['another route', '/v1/embeddings', '{"input":"x"}'],
    ['text that is not JSON', CHAT, '{"stream":tru'],
    ['JSON that is no object', CHAT, '[{"stream":true}]'],
    ['one text to embed', '/v1/embeddings', '{"input":["x"]}'],
    ['one text of tokens', '/v1/embeddings', '{"input":[5,6]}'],
    ['a wrong number of results', '/v1/rerank', '{"documents":["a","b"],"top_n":"all"}'],
    ['a caller who wants the progress', CHAT, '{"stream":true,"return_progress":true}'],
    ['log probabilities beside tools', CHAT, '{"tools":[],"logprobs":true}'],
  ])('leaves %s alone', (_, route, body) => {
    expect(planCall(route, body)).toEqual({ answer: 'as-is' });
  });

  it.each([
    ['a negative number of results', '/rerank', '{"documents":["a","b"],"top_n":-1}'],
    ['a schema that nothing fits', CHAT, '{"json_schema":{"minLength":5,"maxLength":2}}'],
    ['a grammar that nothing fits', '/v1/completions', '{"grammar":"root ::= \\"a\\"{5,2}"}'],
  ])('refuses %s', (_, route, body) => {
    expect(planCall(route, body)).toEqual({ answer: 'refuse', reason: expect.any(String) as string });
  });

  it('counts what it would send, and refuses to count what it would refuse', () => {
    const count = '/v1/chat/completions/input_tokens';
    expect(planCall(count, '{"messages":[]}')).toEqual({ answer: 'as-is' });
    const tools = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }));
    const choice = { type: 'function', function: { name: 'b' } };
    const chosen = planCall(count, JSON.stringify({ tools, tool_choice: choice }));
    expect(chosen).toMatchObject({ answer: 'as-is', body: expect.stringContaining('"required"') as string });
    const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x/y.png' } }] };
    for (const takesMedia of [true, false]) {
      expect(planCall(count, JSON.stringify({ messages: [image] }), takesMedia).answer).toBe('refuse');
    }
  });

  it('asks for the progress of several answers at once too', () => {
    expect(planCall(CHAT, '{"stream":true,"n":2}')).toMatchObject({ answer: 'streams', choices: 2 });
    const prompts = '{"stream":true,"prompt":["a","b"]}';
    expect(planCall('/v1/completions', prompts)).toMatchObject({ answer: 'streams', choices: 1 });
  });

  it.each([
    [
      '/v1/embeddings',
      { input: ['a', 'b'], encoding_format: 'base64' },
      'input',
      { encoding_format: 'base64' },
    ],
    ['/rerank', { query: 'q', documents: ['a', 'b'], top_n: 1 }, 'documents', { query: 'q' }],
    ['/v1/rerank', { query: 'q', texts: ['a', 'b'] }, 'texts', { query: 'q' }],
  ])('cuts many texts of %s into pieces', (route, request, member, rest) => {
    const plan = planCall(route, JSON.stringify(request));
    expect(plan).toMatchObject({ answer: 'pieces', work: { member, texts: ['a', 'b'], rest } });
  });

  it('turns a request for scores into one that ranks', () => {
    const plan = planCall('/score', '{"model":"m","text_1":"q","text_2":["a","b"]}');
    expect(plan).toEqual({ answer: 'score', body: '{"model":"m","query":"q","documents":["a","b"]}' });
  });

  it.each(['{"text_1":["a","b"],"text_2":"c"}', '{"text_1":"a"}', '{"text_1":"a","text_2":[]}'])(
    'says what a request for scores must look like: %s',
    (body) => {
      expect(planCall('/v1/score', body)).toMatchObject({
        answer: 'refuse',
        reason: expect.stringContaining("'text_2'") as string,
      });
    },
  );

  it('leaves a GET alone', () => {
    expect(planCall('/slots', undefined)).toEqual({ answer: 'as-is' });
  });
});
