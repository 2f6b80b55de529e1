import { GENERATING_ROUTES, parseObject, withMembers } from '../request-body.js';

/** What engines of llama.cpp's family take for "draw another each time". */
const RANDOM_SEEDS = new Set<unknown>([undefined, null, -1, 0xffff_ffff]);

/**
 * Makes an answer repeatable: a body that asks for generated text, draws it (its temperature is not 0) and names no
 * seed gets one, as its last member. Every other body is returned byte for byte.
 * @param seed whole number from 0 to 2^32 - 2; other numbers are brought into that range
 */
export function pinSeed(route: string, body: string, seed: number): string {
  if (!GENERATING_ROUTES.has(route)) return body;
  const request = parseObject(body);
  if (request === undefined || request['temperature'] === 0 || !RANDOM_SEEDS.has(request['seed']))
    return body;
  return withMembers(body, `"seed":${Math.abs(Math.trunc(seed)) % 0xffff_ffff}`);
}
