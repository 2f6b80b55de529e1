import { describe, expect, it } from 'vitest';
import { formatLine } from './format-line.js';
import { Logger, type LoggerOptions } from './logger.js';

function capture(options: Partial<LoggerOptions> = {}): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger = new Logger({
    level: 'info',
    format: 'json',
    write: (line) => lines.push(line),
    ...options,
  });
  return { logger, lines };
}

const time = new Date('2026-01-02T03:04:05.678Z');

describe('Logger', () => {
  it('writes one JSON object a line, with the fields of its parents', () => {
    const { logger, lines } = capture();
    logger.with({ gatewayId: 'g1' }).warn('a worker is gone', { workerId: 'w1' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      message: 'a worker is gone',
      gatewayId: 'g1',
      workerId: 'w1',
    });
  });

  it('leaves out what is less severe than its level', () => {
    const { logger, lines } = capture({ level: 'warn' });
    logger.info('quiet');
    logger.error('loud');
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['loud']);
    expect(logger.isEnabled('info')).toBe(false);
  });

  it('writes errors with their stack', () => {
    const { logger, lines } = capture();
    logger.error('it broke', { error: new TypeError('not that way') });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: { name: 'TypeError', message: 'not that way', stack: expect.stringContaining('logger.spec') },
    });
  });
});

describe('formatLine', () => {
  it('prints a line for people', () => {
    const line = { time, level: 'info', message: 'listening', fields: { port: 8080, path: '/a b' } };
    expect(formatLine('pretty', line)).toBe('03:04:05.678 INFO  listening port=8080 path="/a b"');
  });

  it('survives fields that JSON cannot hold', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const line = { time, level: 'info', message: 'round', fields: { circle, big: 10n } };
    expect(JSON.parse(formatLine('json', line))).toMatchObject({ message: 'round' });
    expect(formatLine('pretty', line)).toContain('round');
  });
});
