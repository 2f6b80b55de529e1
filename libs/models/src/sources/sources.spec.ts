import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.js';
import { isPrivateAddress, registryUrl } from './registry-address.js';
import { parseRetryAfter, retryDelay } from './retry.js';

describe('parseChallenges', () => {
  it('reads commas and escapes inside quotes', () => {
    expect(
      parseChallenges(
        'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull,push",x="a\\"b"',
      ),
    ).toEqual([
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.example/token',
          service: 'r',
          scope: 'repository:a/b:pull,push',
          x: 'a"b',
        },
      },
    ]);
  });

  it('reads several challenges in one header, and a realm that is no URL', () => {
    expect(
      parseChallenges('Bearer realm="https://a/t" , Basic realm="Artifactory Realm", Negotiate'),
    ).toEqual([
      { scheme: 'bearer', parameters: { realm: 'https://a/t' } },
      { scheme: 'basic', parameters: { realm: 'Artifactory Realm' } },
      { scheme: 'negotiate', parameters: {} },
    ]);
  });

  it('reads parameters without quotes and with spaces around the sign', () => {
    expect(parseChallenges('BASIC Realm = plain, charset=UTF-8')).toEqual([
      { scheme: 'basic', parameters: { realm: 'plain', charset: 'UTF-8' } },
    ]);
  });

  it.each([
    '',
    '   ',
    ',,,',
    '"',
    '=',
    'a=b',
    '\u0000',
    'Bearer realm="unclosed',
    'Bearer realm=',
    `Bearer ${'"'.repeat(99_999)}`,
  ])('ends on nonsense without an error: %j', (header) => {
    expect(parseChallenges(header).every(({ parameters }) => Object.keys(parameters).length === 0)).toBe(
      true,
    );
  });
});

describe('registryUrl', () => {
  it.each([
    ['docker.io', 'https://registry-1.docker.io/'],
    ['index.docker.io', 'https://registry-1.docker.io/'],
    ['ghcr.io', 'https://ghcr.io/'],
    ['localhost:5000', 'http://localhost:5000/'],
    ['127.0.0.1:5000', 'http://127.0.0.1:5000/'],
    ['[::1]:5000', 'http://[::1]:5000/'],
    ['registry.local', 'http://registry.local/'],
    ['local.example.com:5000', 'https://local.example.com:5000/'],
    ['192.168.0.7:5000', 'https://192.168.0.7:5000/'],
  ])('reaches %s at %s', (registry, url) => {
    expect(registryUrl(registry, false).href).toBe(url);
  });

  it('uses plain HTTP where the operator allows it, but never to Docker Hub', () => {
    expect(registryUrl('registry.example:5000', true).protocol).toBe('http:');
    expect(registryUrl('docker.io', true).protocol).toBe('https:');
  });
});

describe('isPrivateAddress', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    '[::1]',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a9fe:a9fe',
  ])('says yes to %s', (address) => expect(isPrivateAddress(address)).toBe(true));
  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', 'registry.example'])(
    'says no to %s',
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('retryDelay', () => {
  const policy = { attempts: 5, baseDelay: 100, maxDelay: 1000 };
  it('doubles, spreads, and never passes the longest wait', () => {
    expect([1, 2, 3, 9].map((attempt) => retryDelay(policy, attempt, 0))).toEqual([50, 100, 200, 1000]);
    expect(retryDelay(policy, 1, 1)).toBe(100);
  });
  it('waits as long as the server asks, also longer than it would by itself, but not for ever', () => {
    expect(retryDelay(policy, 1, 0, 700)).toBe(700);
    expect(retryDelay(policy, 1, 0, 30_000)).toBe(30_000);
    expect(retryDelay(policy, 1, 0, 86_400_000)).toBe(120_000);
    expect(retryDelay({ ...policy, maxRetryAfter: 5_000 }, 1, 0, 86_400_000)).toBe(5_000);
  });
});

describe('parseRetryAfter', () => {
  it('reads seconds and dates, and nothing else', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(parseRetryAfter('3', now)).toBe(3000);
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now)).toBe(10_000);
    expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(parseRetryAfter('soon', now)).toBeUndefined();
    expect(parseRetryAfter(undefined, now)).toBeUndefined();
  });
});
