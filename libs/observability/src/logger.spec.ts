import { describe, expect, it } from 'vitest';
import { formatLine } from './format-line.js';
import { Logger, type LoggerOptions } from './logger.js';
import { RecentLines } from './recent-lines.js';

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

describe('RecentLines', () => {
  it('keeps what was logged, and what engines print whatever the level', () => {
    const recent = new RecentLines();
    const { logger, lines } = capture({ recent });
    const worker = logger.with({ worker: 'w1' });
    worker.info('ready', { engine: 'llama-server' });
    worker.debug('not shown');
    worker.debug('srv  update_slots: all idle', { engine: 'llama-server', model: 'a/b' });
    expect(lines).toHaveLength(1);
    expect(recent.all().map(({ engine, text }) => [engine, text])).toEqual([
      [false, 'level=info msg=ready worker=w1 engine=llama-server'],
      [true, 'worker=w1 engine=llama-server model=a/b | srv  update_slots: all idle'],
    ]);
    expect(Math.abs(Date.now() - (recent.all()[0]?.time ?? 0))).toBeLessThan(60_000);
  });

  it('forgets the oldest, by number and by size, and cuts what is too long', () => {
    const recent = new RecentLines({ lines: 3, characters: 10, line: 5 });
    const add = (text: string): void => recent.add({ time: 1, engine: false, text });
    for (const text of ['a', 'b', 'c', 'd']) add(text);
    expect(recent.all().map(({ text }) => text)).toEqual(['b', 'c', 'd']);
    add('123456789');
    add('12345');
    expect(recent.all().map(({ text }) => text)).toEqual(['12345', '12345']);
  });

  it('tells who follows it of each line, until they stop', () => {
    const recent = new RecentLines();
    const heard: string[] = [];
    const stop = recent.follow(({ text }) => heard.push(text));
    recent.add({ time: 1, engine: true, text: 'one' });
    stop();
    recent.add({ time: 2, engine: true, text: 'two' });
    expect(heard).toEqual(['one']);
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
