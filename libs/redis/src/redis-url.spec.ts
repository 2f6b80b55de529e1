import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-url.js';

describe('parseRedisUrl', () => {
  it('reads host, port, credentials and database', () => {
    expect(parseRedisUrl('redis://user:p%40s:s@example.com:7000/3')).toEqual({
      kind: 'server',
      host: 'example.com',
      port: 7000,
      username: 'user',
      password: 'p@s:s',
      db: 3,
    });
  });

  it('fills in the default host and port and asks for TLS with rediss', () => {
    expect(parseRedisUrl('rediss://[::1]/')).toEqual({ kind: 'server', host: '::1', port: 6379, tls: {} });
    expect(parseRedisUrl('redis://:secret@')).toMatchObject({ host: '127.0.0.1', password: 'secret' });
  });

  it('reads a unix socket with its database', () => {
    expect(parseRedisUrl('unix:///run/redis.sock?db=2')).toEqual({
      kind: 'socket',
      path: '/run/redis.sock',
      db: 2,
    });
  });

  it('reads sentinels, the name of the primary and its database', () => {
    expect(parseRedisUrl('redis+sentinel://user:pw@one:26380,two,[::1]:9/mymaster/4')).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'one', port: 26380 },
        { host: 'two', port: 26379 },
        { host: '::1', port: 9 },
      ],
      name: 'mymaster',
      username: 'user',
      password: 'pw',
      db: 4,
    });
  });

  it('reads the nodes of a cluster, with and without TLS', () => {
    const nodes = [
      { host: 'one', port: 7000 },
      { host: 'two', port: 6379 },
    ];
    expect(parseRedisUrl('redis+cluster://one:7000,two')).toEqual({ kind: 'cluster', nodes });
    expect(parseRedisUrl('rediss+cluster://:pw@one:7000,two/')).toEqual({
      kind: 'cluster',
      nodes,
      password: 'pw',
      tls: {},
    });
  });

  it.each([
    ['localhost:6379', /begins with redis:\/\/, rediss:\/\/, unix:\/\/, redis\+sentinel/],
    ['http://localhost', /begins with redis:\/\//],
    ['', /begins with redis:\/\//],
    ['redis://one:port', /host:port/],
    ['redis://one,two', /host:port/],
    ['redis://one:70000', /host:port/],
    ['redis://one/first', /database of a Redis URL is a number/],
    ['redis://one?db=1', /takes no options/],
    ['redis://u:%zz@one', /%25/],
    ['unix:///s?timeout=3', /takes no options/],
    ['redis+sentinel://one,two', /names the primary after its hosts/],
    ['redis+sentinel://one/mymaster/0/1', /names the primary after its hosts/],
    ['redis+sentinel:///mymaster', /host:port/],
    ['redis+cluster://', /host:port/],
    ['redis+cluster://one,,two', /host:port/],
    ['redis+cluster://one/1', /has no databases/],
  ])('refuses %j and says why', (url, why) => {
    expect(() => parseRedisUrl(url)).toThrow(why);
  });

  it('shows no password of a URL that it refuses', () => {
    for (const url of ['redis://:hunter2@one:x', 'hunter2', 'redis+cluster://:hun/ter2@one/hunter2'])
      expect(() => parseRedisUrl(url)).toThrow(expect.not.objectContaining({ message: /hun/ }));
  });
});
