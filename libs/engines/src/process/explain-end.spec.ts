import { expect, it } from 'vitest';
import { explainEnd } from './explain-end.js';

const vocabulary = {
  subject: 'The engine',
  loading: [[/cannot load (\S+)/, 'it cannot load "$1"']] as const,
  serving: [[/no room/, 'it ran out of memory.']] as const,
};
const end = { code: 1, signal: null, asked: false, lastLines: ['cannot load $1', 'no room'] };

it('says while loading what its last lines mean, whatever stands in them', () => {
  expect(explainEnd(vocabulary, end)).toBe('The engine ended with exit code 1: it cannot load "$1".');
});

it('says of an engine that has served requests only what cannot quote one', () => {
  expect(explainEnd(vocabulary, { ...end, served: true })).toBe(
    'The engine ended with exit code 1: it ran out of memory.',
  );
});

it('says only how it ended when no line is known, and only that it was stopped when it was', () => {
  const killed = { ...end, code: null, signal: 'SIGKILL', lastLines: [] };
  expect(explainEnd(vocabulary, killed)).toContain('was killed (SIGKILL)');
  expect(explainEnd(vocabulary, { ...killed, asked: true })).toBe('stopped');
});
