import { describe, expect, it } from 'vitest';
import { readWishes } from './caller-wishes.js';

describe('readWishes', () => {
  it('wishes for nothing but notices when the headers say nothing', () => {
    expect(readWishes({})).toEqual({ notices: true });
  });

  it.each([
    ['30', 30_000],
    ['0.5', 500],
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    [' 2 ', 2_000],
  ])('reads the time limit %s', (text, timeout) => {
    expect(readWishes({ 'x-request-timeout': text })).toEqual({ notices: true, timeout });
  });

  it.each([
    '',
    '0',
    '0s',
    '-1',
    '-5s',
    'soon',
    '5 parsecs',
    '1e3',
    'NaN',
    'Infinity',
    '30, 40',
    '0.0001',
    '9'.repeat(400),
  ])('refuses the time limit %j', (text) => {
    expect(() => readWishes({ 'x-request-timeout': text })).toThrow(
      'The header X-Request-Timeout must be more than 0: seconds such as 30, or 500ms, 30s or 2m.',
    );
  });

  it.each([
    ['high', 5],
    ['Normal', 10],
    ['LOW', 15],
    ['1', 1],
    ['20', 20],
  ])('reads the priority %s', (text, priority) => {
    expect(readWishes({ 'x-priority': text })).toEqual({ notices: true, priority });
  });

  it.each(['', '0', '21', '-1', '1.5', 'urgent', '5x', 'constructor', 'high, low'])(
    'refuses the priority %j',
    (text) => {
      expect(() => readWishes({ 'x-priority': text })).toThrow(
        'The header X-Priority must be high, normal, low, or a number from 1, the most urgent, to 20.',
      );
    },
  );

  it('lets notices be switched off', () => {
    expect(readWishes({ 'x-queue-notices': 'off' })).toEqual({ notices: false });
    expect(readWishes({ 'x-queue-notices': 'on' })).toEqual({ notices: true });
    expect(() => readWishes({ 'x-queue-notices': 'sometimes' })).toThrow(/X-Queue-Notices must be on or off/);
  });
});
