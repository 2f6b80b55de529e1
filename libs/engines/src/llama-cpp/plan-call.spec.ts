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
      body: '{"stream":false,"stream":true,"stream_options":{"include_usage":true},"return_progress":true}',
    });
    expect(planCall('/v1/completions', '{}')).toMatchObject({ answer: 'collect' });
  });

  it.each([
    ['another route', '/v1/embeddings', '{"input":"x"}'],
    ['text that is not JSON', CHAT, '{"stream":tru'],
    ['JSON that is no object', CHAT, '[{"stream":true}]'],
    ['a stream of several choices', CHAT, '{"stream":true,"n":2}'],
    ['a stream for several prompts', '/v1/completions', '{"stream":true,"prompt":["a","b"]}'],
    ['a caller who wants the progress', CHAT, '{"stream":true,"return_progress":true}'],
    ['log probabilities beside tools', CHAT, '{"tools":[],"logprobs":true}'],
  ])('leaves %s alone', (_, route, body) => {
    expect(planCall(route, body)).toEqual({ answer: 'as-is' });
  });

  it('leaves a GET alone', () => {
    expect(planCall('/slots', undefined)).toEqual({ answer: 'as-is' });
  });
});
