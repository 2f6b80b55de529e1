import { describe, expect, it } from 'vitest';
import { locate } from './redis-connections.js';

describe('locate', () => {
  it('reads host, port, credentials and database', () => {
    expect(locate('redis://user:p%40ss@example.com:7000/3')).toEqual({
      host: 'example.com',
      port: 7000,
      username: 'user',
      password: 'p@ss',
      db: 3,
    });
  });

  it('fills in the default port and asks for TLS with rediss', () => {
    expect(locate('rediss://[::1]')).toEqual({ host: '::1', port: 6379, tls: {} });
  });

  it('reads a unix socket with its database', () => {
    expect(locate('unix:///run/redis.sock?db=2')).toEqual({ path: '/run/redis.sock', db: 2 });
  });

  it.each(['localhost:6379', 'http://localhost', ''])('refuses %j and says what it takes', (url) => {
    expect(() => locate(url)).toThrow(/redis:\/\/, rediss:\/\/ or unix:\/\//);
  });
});
