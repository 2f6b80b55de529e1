import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../eventually.js';
import { isAlive } from '../processes.js';
import { askRedis as ask } from './ask-redis.js';
import { ChildServerError, startChildServer } from './child-server.js';
import { findFreePort } from './free-port.js';
import { startRedis } from './redis.js';
import { startRedisCluster } from './redis-cluster.js';
import { startRedisSentinel } from './redis-sentinel.js';
import { startRegistry } from './registry.js';

describe('findFreePort', () => {
  it('gives each caller another port, also when many ask at once', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => findFreePort()));
    expect(new Set(ports).size).toBe(50);
  });
});

describe('startRedis', () => {
  it('serves on the port it names and leaves nothing when it stops', async () => {
    const redis = await startRedis();
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    expect(await ask(redis.port, 'PING')).toBe('+PONG');
    const folder = (await ask(redis.port, 'CONFIG GET dir')).split('\r\n').at(-1) ?? '';
    expect(existsSync(folder)).toBe(true);

    await redis.stop();
    await redis.stop();
    expect(isAlive(redis.pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    await expect(ask(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED');
  });

  it('keeps port and data over a kill when it writes an append-only file', async () => {
    const redis = await startRedis({ appendOnly: true });
    try {
      const { pid, url } = redis;
      expect(await ask(redis.port, 'SET cargo bananas')).toBe('+OK');
      await redis.kill();
      expect(isAlive(pid)).toBe(false);
      await redis.restart();
      expect(redis.pid).not.toBe(pid);
      expect(redis.url).toBe(url);
      expect(await ask(redis.port, 'GET cargo')).toBe('$7\r\nbananas');
    } finally {
      await redis.stop();
    }
  });

  it('forgets its data over a kill otherwise', async () => {
    const redis = await startRedis();
    try {
      await ask(redis.port, 'SET cargo bananas');
      await redis.kill();
      await redis.restart();
      expect(await ask(redis.port, 'GET cargo')).toBe('$-1');
    } finally {
      await redis.stop();
    }
  });

  it('gives servers that start at the same time ports of their own', async () => {
    const all = await Promise.all([startRedis(), startRedis(), startRedis()]);
    try {
      expect(new Set(all.map((redis) => redis.port)).size).toBe(3);
    } finally {
      await Promise.all(all.map((redis) => redis.stop()));
    }
  });

  it('passes arguments on and tells what Redis says of bad ones', async () => {
    const redis = await startRedis({ arguments: ['--maxmemory', '10mb'] });
    expect(await ask(redis.port, 'CONFIG GET maxmemory')).toContain('10485760');
    await redis.stop();
    await expect(startRedis({ arguments: ['--no-such-setting', 'x'] })).rejects.toThrow(/no-such-setting/);
  });
});

describe('startRedisCluster', () => {
  it('shares all slots out, is whole again after a kill and leaves nothing when it stops', async () => {
    const cluster = await startRedisCluster();
    const pids = (): readonly number[] => cluster.nodes.map(({ pid }) => pid);
    try {
      expect(cluster.url).toBe(
        `redis+cluster://${cluster.nodes.map((n) => `127.0.0.1:${n.port}`).join(',')}`,
      );
      const answers = await Promise.all(cluster.nodes.map(({ port }) => ask(port, 'SET cargo bananas')));
      expect(answers.filter((answer) => answer === '+OK')).toHaveLength(1);
      expect(answers.filter((answer) => answer.startsWith('-MOVED'))).toHaveLength(2);
      await cluster.kill();
      expect(pids().some(isAlive)).toBe(false);
      await cluster.restart();
      const kept = await Promise.all(cluster.nodes.map(({ port }) => ask(port, 'GET cargo')));
      expect(kept).toContain('$7\r\nbananas');
    } finally {
      await cluster.stop();
    }
    expect(pids().some(isAlive)).toBe(false);
  });
});

describe('startRedisSentinel', () => {
  it('makes the replica primary when the primary dies and leaves nothing when it stops', async () => {
    const redis = await startRedisSentinel();
    try {
      const primary = await redis.primary();
      expect(await ask(primary.port, 'SET cargo bananas')).toBe('+OK');
      const replica = redis.servers.find((server) => server !== primary);
      await eventually(
        () => ask(replica?.port ?? 0, 'GET cargo'),
        (answer) => answer.endsWith('bananas'),
        { what: 'the replica to have what was written' },
      );
      await redis.failOver();
      const successor = await redis.primary();
      expect(successor.port).not.toBe(primary.port);
      expect(await ask(successor.port, 'GET cargo')).toBe('$7\r\nbananas');
    } finally {
      await redis.stop();
    }
    expect(redis.servers.some(({ pid }) => isAlive(pid))).toBe(false);
    await expect(ask(redis.sentinelPort, 'PING')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('startRegistry', () => {
  it('speaks the OCI distribution API, keeps blobs where it says and leaves nothing when it stops', async () => {
    const registry = await startRegistry();
    const started = await fetch(`http://${registry.host}/v2/cargo/blobs/uploads/`, { method: 'POST' });
    expect(started.status).toBe(202);
    const digest = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
    const location = new URL(started.headers.get('location') ?? '');
    location.searchParams.set('digest', digest);
    expect((await fetch(location, { method: 'PUT', body: 'test' })).status).toBe(201);
    const blob = await fetch(`http://${registry.host}/v2/cargo/blobs/${digest}`);
    expect(await blob.text()).toBe('test');
    expect(existsSync(`${registry.storageDirectory}/docker/registry/v2/blobs/sha256/9f`)).toBe(true);

    await registry.stop();
    await registry.stop();
    expect(isAlive(registry.pid)).toBe(false);
    expect(existsSync(registry.storageDirectory)).toBe(false);
  });

  it('leaves its storage after a kill', async () => {
    const registry = await startRegistry();
    await registry.kill();
    expect(isAlive(registry.pid)).toBe(false);
    expect(existsSync(registry.storageDirectory)).toBe(true);
    await registry.stop();
    expect(existsSync(registry.storageDirectory)).toBe(false);
  });
});

describe('startChildServer', () => {
  const server = {
    directory: '/',
    ready: /never/,
    missing: 'no-such-server is not installed.',
  };

  it('says in a sentence that a program is missing', async () => {
    await expect(startChildServer({ ...server, command: 'no-such-server', arguments: [] })).rejects.toThrow(
      new ChildServerError('no-such-server is not installed.', ''),
    );
  });

  it('shows what a program printed that ends before it is ready', async () => {
    await expect(
      startChildServer({ ...server, command: 'sh', arguments: ['-c', 'echo the hold is full >&2; exit 3'] }),
    ).rejects.toThrow('sh ended with code 3 before it was ready.\nthe hold is full');
  });
});
