import { describe, expect, it } from 'vitest';
import { pinSeed } from './pin-seed.js';

const CHAT = '/v1/chat/completions';

describe('pinSeed', () => {
  it.each([
    ['none', '{ "messages": [] } ', '{ "messages": [],"seed":7}'],
    ['one that is null', '{"seed":null}', '{"seed":null,"seed":7}'],
    ['one that stands for any', '{"seed":-1}', '{"seed":-1,"seed":7}'],
    ['none in an empty body', '{}', '{"seed":7}'],
  ])('gives a body a seed that has %s', (_, body, expected) => {
    expect(pinSeed(CHAT, body, 7)).toBe(expected);
    expect(pinSeed('/v1/completions', body, 7)).toBe(expected);
  });

  it.each([
    ['another route', '/v1/embeddings', '{"input":"x"}'],
    ['a body with a seed', CHAT, '{"seed": 18446744073709551615}'],
    ['a body that is not drawn', CHAT, '{ "temperature": 0 }'],
    ['what is no JSON object', CHAT, '[1'],
  ])('leaves %s byte for byte', (_, route, body) => {
    expect(pinSeed(route, body, 7)).toBe(body);
  });

  it('brings any number into the range of seeds', () => {
    expect(pinSeed(CHAT, '{}', 0xffff_ffff)).toBe('{"seed":0}');
    expect(pinSeed(CHAT, '{}', -12.9)).toBe('{"seed":12}');
  });
});
