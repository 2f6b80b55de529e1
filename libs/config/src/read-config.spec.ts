import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsInt, IsNotEmpty, IsPositive, IsString, Max } from 'class-validator';
import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  parseDuration,
  parseFileMode,
  parseList,
  parseSize,
  readConfig,
  UnreadableValue,
  Variable,
} from './index.js';

class Sample {
  @Variable('LONGSHORE_PORT') @IsInt() @Max(65_535) port = 8080;
  @Variable('LONGSHORE_REQUEST_TIMEOUT', parseDuration) @IsPositive() requestTimeout = 1_000;
  @Variable('LONGSHORE_BODY_LIMIT', parseSize) @IsPositive() bodyLimit = 10;
  @Variable('INSECURE_REGISTRY') insecure = false;
  @Variable('LONGSHORE_REDIS_URL') @IsString() @IsNotEmpty() redisUrl = 'redis://localhost';
}

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConfig(Sample, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
};

describe('readConfig', () => {
  it('keeps the defaults of variables that are unset or empty', () => {
    expect(readConfig(Sample, { LONGSHORE_PORT: '' })).toMatchObject({ port: 8080, requestTimeout: 1_000 });
  });

  it('reads numbers, booleans, durations and sizes', () => {
    const environment = {
      LONGSHORE_PORT: '99',
      LONGSHORE_REQUEST_TIMEOUT: '1.5m',
      LONGSHORE_BODY_LIMIT: '2MiB',
      INSECURE_REGISTRY: 'true',
    };
    expect(readConfig(Sample, environment)).toMatchObject({
      port: 99,
      requestTimeout: 90_000,
      bodyLimit: 2 * 1024 * 1024,
      insecure: true,
    });
  });

  it('lists every problem at once, by name and without the value', () => {
    const problems = problemsOf({
      LONGSHORE_PORT: '70000',
      LONGSHORE_REQUEST_TIMEOUT: 's3cret',
      INSECURE_REGISTRY: 'perhaps',
    });
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/LONGSHORE_PORT must not be greater than 65535/);
    expect(problems.join('\n')).toMatch(/LONGSHORE_REQUEST_TIMEOUT must be a duration/);
    expect(problems.join('\n')).toMatch(/INSECURE_REGISTRY must be true or false/);
    expect(problems.join('\n')).not.toContain('s3cret');
  });

  it('refuses an unknown LONGSHORE_ variable and names the nearest one', () => {
    expect(problemsOf({ LONGSHORE_PROT: '1' })).toEqual([
      'LONGSHORE_PROT is not a variable of Longshore; did you mean LONGSHORE_PORT?',
    ]);
  });

  it('reads a secret from the file that NAME_FILE names, where an empty one means none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'longshore-config-'));
    try {
      writeFileSync(join(folder, 'url'), 'redis://secret\n');
      expect(readConfig(Sample, { LONGSHORE_REDIS_URL_FILE: join(folder, 'url') }).redisUrl).toBe(
        'redis://secret',
      );
      expect(problemsOf({ LONGSHORE_REDIS_URL_FILE: join(folder, 'absent') })[0]).toMatch(
        /LONGSHORE_REDIS_URL_FILE/,
      );
      writeFileSync(join(folder, 'none'), '\n');
      const unset = readConfig(Sample, {});
      expect(readConfig(Sample, { LONGSHORE_REDIS_URL_FILE: join(folder, 'none') })).toEqual(unset);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('lists and modes', () => {
  it('are read as people write them', () => {
    expect(parseList(' a, b,,c ,')).toEqual(['a', 'b', 'c']);
    expect(parseList('')).toEqual([]);
    expect(parseFileMode('600')).toBe(0o600);
    expect(parseFileMode('0660')).toBe(0o660);
    for (const text of ['rw', '999', '7', '12345'])
      expect(() => parseFileMode(text)).toThrow(UnreadableValue);
  });
});
