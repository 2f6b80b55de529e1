import { describe, expect, it } from 'vitest';
import { LaunchProblem } from './launch-problem.js';
import { parseUpOptions } from './up-options.js';

const problemOf = (...args: string[]): string => {
  try {
    parseUpOptions(args);
  } catch (error) {
    if (error instanceof LaunchProblem) return error.message;
    throw error;
  }
  return 'none';
};

describe('parseUpOptions', () => {
  it('starts one gateway and one worker unless told otherwise', () => {
    expect(parseUpOptions([])).toEqual({ help: false, workers: 1, gateways: 1 });
  });

  it('reads every option, with a blank or an equals sign', () => {
    const args = ['--workers', '3', '--gateways=2', '--port', '8080', '--variant', 'cpu', '--data', 'd'];
    expect(parseUpOptions([...args, '--redis', 'redis://h'])).toEqual({
      help: false,
      workers: 3,
      gateways: 2,
      port: 8080,
      variant: 'cpu',
      data: 'd',
      redis: 'redis://h',
    });
  });

  it.each(['0', '65', '1.5', '-1', 'many', ''])('refuses "%s" workers and says what it takes', (text) => {
    expect(problemOf(`--workers=${text}`)).toBe(
      `--workers must be a whole number from 1 to 64; it is "${text}".`,
    );
  });

  it('refuses a port above the highest', () => {
    expect(problemOf('--port', '65536')).toContain('--port must be a whole number from 0 to 65535');
  });

  it('refuses an unknown variant and lists the known ones', () => {
    expect(problemOf('--variant', 'tpu')).toMatch(/--variant must be one of cpu, cuda.*it is "tpu"/);
  });

  it('refuses an unknown option, a missing value and a stray word in one sentence each', () => {
    expect(problemOf('--wrokers', '2')).toMatch(/^Unknown option '--wrokers'.*--help/);
    expect(problemOf('--port')).toMatch(/^Option '--port <value>' argument missing\. /);
    expect(problemOf('now')).toMatch(/^"now" is not an option/);
    expect(problemOf('--data', ' ')).toBe('--data must name a folder; it is empty.');
  });
});
