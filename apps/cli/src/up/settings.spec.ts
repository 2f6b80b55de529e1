import { describe, expect, it } from 'vitest';
import { childEnvironment } from './node-process.js';
import { readSettings, threadShare, workerId } from './settings.js';

const options = { help: false, workers: 1, gateways: 1 };

describe('readSettings', () => {
  it('keeps data in the home folder and listens on loopback unless told otherwise', () => {
    expect(readSettings(options, { HOME: '/home/ada' })).toMatchObject({
      data: '/home/ada/.longshore',
      host: '127.0.0.1',
      port: 12_434,
    });
  });

  it('takes the command line over the environment', () => {
    const environment = { HOME: '/h', LONGSHORE_PORT: '1', LONGSHORE_VARIANT: 'rocm', LONGSHORE_DATA: '/e' };
    expect(readSettings(options, environment)).toMatchObject({ port: 1, variant: 'rocm', data: '/e' });
    const asked = { ...options, port: 2, variant: 'cpu' as const, data: '/c' };
    expect(readSettings(asked, environment)).toMatchObject({ port: 2, variant: 'cpu', data: '/c' });
  });

  it('refuses a variable with a wrong value, by name', () => {
    expect(() => readSettings(options, { HOME: '/h', LONGSHORE_VARIANT: 'tpu' })).toThrow(
      /LONGSHORE_VARIANT/,
    );
    expect(() => readSettings(options, { HOME: '/h', LONGSHORE_PORT: 'x' })).toThrow(/LONGSHORE_PORT/);
  });

  it('asks for a data folder when there is no home', () => {
    expect(() => readSettings(options, {})).toThrow(/--data DIR/);
  });
});

describe('workerId', () => {
  it('differs between workers, data folders and machines, and stays the same over restarts', () => {
    const ids = [
      workerId(1, '/a', 'h'),
      workerId(2, '/a', 'h'),
      workerId(1, '/b', 'h'),
      workerId(1, '/a', 'i'),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(workerId(1, '/a', 'h')).toBe(ids[0]);
  });
});

describe('threadShare', () => {
  it('divides the cores among several workers and leaves a single one alone', () => {
    expect(threadShare(8, 1)).toBeUndefined();
    expect(threadShare(8, 3)).toBe(2);
    expect(threadShare(2, 5)).toBe(1);
  });
});

describe('childEnvironment', () => {
  it('replaces a variable also where it was given as a file', () => {
    const base = { LONGSHORE_REDIS_URL_FILE: '/secret', LONGSHORE_PORT: '1', HOME: '/h' };
    expect(childEnvironment(base, { LONGSHORE_REDIS_URL: 'unix:///s', LONGSHORE_PORT: '2' })).toEqual({
      LONGSHORE_REDIS_URL: 'unix:///s',
      LONGSHORE_PORT: '2',
      HOME: '/h',
    });
  });
});
