import { describe, expect, it } from 'vitest';
import { readRange } from './byte-range.js';
import { routeRequest } from './route-request.js';
import { StoreAccess } from './store-access.js';
import { DEFAULT_STORE_LIMITS, timeFor } from './store-limits.js';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('what a request to a store asks for', () => {
  it.each([
    ['GET', `/v2/store/manifests/${DIGEST}`, { kind: 'manifest', digest: DIGEST }],
    ['HEAD', `/v2/store/blobs/${DIGEST}`, { kind: 'blob', digest: DIGEST }],
    ['GET', `/models/${DIGEST}/export`, { kind: 'export', digest: DIGEST }],
    ['POST', '/models/load', { kind: 'load' }],
    ['GET', '/remote?reference=a%2Fb%3Ac', { kind: 'remote', reference: 'a/b:c' }],
    ['GET', '/v1/logs', { kind: 'logs', follow: false }],
    ['GET', '/v1/logs?follow=true', { kind: 'logs', follow: true }],
    ['GET', '/v1/engine-metrics', { kind: 'engine-metrics' }],
  ])('%s %s', (method, url, route) => {
    expect(routeRequest(method, url)).toEqual(route);
  });

  it.each([
    ['POST', `/v2/store/blobs/${DIGEST}`],
    ['GET', `/v2/store/blobs/${DIGEST}/`],
    ['GET', `/v2/store/blobs/../${DIGEST}`],
    ['GET', '/models/load'],
    ['GET', '/remote'],
    ['POST', '/v1/logs'],
    ['GET', '/v1/engine-metrics/x'],
    ['', ''],
  ])('is nothing: %s %s', (method, url) => {
    expect(routeRequest(method, url)).toBeUndefined();
  });
});

describe('a range of a blob of 10 bytes', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=4-', { start: 4, end: 10 }],
    ['bytes=4-99', { start: 4, end: 10 }],
    ['bytes=-3', { start: 7, end: 10 }],
    ['bytes=-99', { start: 0, end: 10 }],
    ['bytes=10-', undefined],
    ['bytes=-0', undefined],
    ['bytes=5-4', 'whole'],
    ['bytes=1-2,4-5', 'whole'],
    ['bytes=-', 'whole'],
    ['items=1-2', 'whole'],
    [undefined, 'whole'],
  ])('%s', (header, range) => {
    expect(readRange(header, 10)).toEqual(range);
  });
});

describe('the time to take an answer', () => {
  it('grows with its length and stays what a timer can count', () => {
    const limits = { ...DEFAULT_STORE_LIMITS, grace: 1_000, bytesPerSecond: 100 };
    expect(timeFor(0, limits)).toBe(1_000);
    expect(timeFor(250, limits)).toBe(3_500);
    expect(timeFor(Number.MAX_SAFE_INTEGER, limits)).toBe(2 ** 31 - 1);
  });
});

describe('the secret of a cluster', () => {
  it('is asked for again when a token is refused, so that both sides agree after Redis has lost it', async () => {
    let secret = 'old';
    const secrets = { refresh: () => Promise.resolve(secret) };
    const [asking, asked] = [new StoreAccess(secrets), new StoreAccess(secrets)];
    expect(await asked.accepts(await asking.authorization())).toBe(true);
    secret = 'new';
    const newcomer = new StoreAccess(secrets);
    expect(await asked.accepts(await newcomer.authorization())).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await asked.accepts(await newcomer.authorization())).toBe(true);
    expect(await asked.accepts(await asking.authorization())).toBe(false);
    expect(await asking.reread()).toBe(true);
    expect(await asked.accepts(await asking.authorization())).toBe(true);
  });

  it('stays what it was while Redis cannot be asked', async () => {
    let away = false;
    const secrets = {
      refresh: () => (away ? Promise.reject(new Error('Redis is away.')) : Promise.resolve('secret')),
    };
    const access = new StoreAccess(secrets);
    const header = await access.authorization();
    away = true;
    expect(await access.reread()).toBe(false);
    expect(await access.accepts(header)).toBe(true);
  });
});
