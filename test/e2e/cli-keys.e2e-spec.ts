import { describe, expect, it } from 'vitest';
import { eventually } from '#testing';
import { runCli } from './support/run-cli.js';
import { useCluster } from './support/use-cluster.js';

const ADMIN_KEY = 'an-administrator-key-of-this-test';

const shared = useCluster({
  gateways: 1,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: { LONGSHORE_ADMIN_KEY: ADMIN_KEY },
});

const url = (): string => shared.cluster.gateway().url;

describe('a cluster that wants keys', () => {
  it('ends a command without one with 5 and says how to give it', async () => {
    const { code, out, error } = await runCli(url(), ['list']);
    expect({ code, out }).toEqual({ code: 5, out: '' });
    expect(error).toMatch(/wants an API key: give one with --api-key or LONGSHORE_API_KEY/);
  });

  it('does not take a wrong one, and does not have it shown', async () => {
    const { code, error } = await runCli(url(), ['list', '--api-key', 'lsk_wrong']);
    expect(code).toBe(5);
    expect(error).toMatch(/does not accept this API key/);
    expect(error).not.toContain('lsk_wrong');
  });

  it('takes one from the option, the environment, the address and its path', async () => {
    const environment = { LONGSHORE_API_KEY: ADMIN_KEY };
    const { port } = new URL(url());
    for (const run of [
      runCli(url(), ['list', '-q', '--api-key', ADMIN_KEY]),
      runCli(url(), ['list', '-q'], { environment }),
      runCli(`http://me:${ADMIN_KEY}@127.0.0.1:${port}`, ['list', '-q']),
      runCli(`http://127.0.0.1:${port}/k/${ADMIN_KEY}`, ['list', '-q']),
    ])
      expect(await run).toEqual({ code: 0, out: '', error: '' });
  });

  it('makes keys at the command line, which open what they may until they are revoked', async () => {
    const admin = { environment: { LONGSHORE_API_KEY: ADMIN_KEY } };
    const made = await runCli(
      url(),
      ['keys', 'create', 'build', '--model', 'ai/*', '--expires-in', '1d'],
      admin,
    );
    expect(made.out).toMatch(/^lsk_[\w-]{43}\n$/);
    const id = /key_[\w-]+/.exec(made.error)?.[0] ?? '';
    const holder = { environment: { LONGSHORE_API_KEY: made.out.trim() } };
    expect(await runCli(url(), ['list', '-q'], holder)).toEqual({ code: 0, out: '', error: '' });
    expect(await runCli(url(), ['keys', 'list'], holder)).toMatchObject({ code: 5, out: '' });
    const listed = await runCli(url(), ['keys', 'list'], admin);
    expect(listed.out).toMatch(new RegExp(`^${id} +build +inference +ai/\\*`, 'm'));
    expect(listed.out).not.toContain(made.out.trim());
    expect((await runCli(url(), ['keys', 'revoke', id], admin)).out).toBe(`Revoked: ${id}\n`);
    await eventually(
      async () => (await runCli(url(), ['list', '-q'], holder)).code,
      (code) => code === 5,
      { within: 10_000, what: 'the revoked key to open nothing' },
    );
  });
});
