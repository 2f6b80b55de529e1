import { expect, it } from 'vitest';
import { EngineStartError } from '../engine.js';
import { newSocketPath } from './socket-path.js';

it('gives each socket a path of its own', () => {
  expect(newSocketPath('/run/l')).not.toBe(newSocketPath('/run/l'));
});

it('says how long a run folder may be when one is too long for a socket', () => {
  const folder = `/${'d'.repeat(99)}`;
  expect(() => newSocketPath(folder)).toThrow(EngineStartError);
  expect(() => newSocketPath(folder)).toThrow('at most 76 bytes');
});
