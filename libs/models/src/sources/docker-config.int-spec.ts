import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { askCredentialHelper } from './credential-helper.js';
import { registryCredentials, type RegistryCredentialsOptions } from './docker-config.js';

let folder: TemporaryFolder;
let warnings: string[];
const path = process.env['PATH'];

beforeEach(async () => {
  folder = await makeTemporaryFolder('docker-config');
  warnings = [];
  process.env['PATH'] = `${folder.path}${delimiter}${path}`;
});
afterEach(async () => {
  process.env['PATH'] = path;
  await folder.remove();
});

const encode = (text: string): string => Buffer.from(text).toString('base64');

async function lookup(config: object | string, registry: string, options: RegistryCredentialsOptions = {}) {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  await writeFile(join(folder.path, 'config.json'), text);
  return registryCredentials({
    dockerConfig: folder.path,
    onWarning: (sentence) => warnings.push(sentence),
    ...options,
  })(registry);
}

/** A helper that keeps what it was asked beside itself. */
async function helper(name: string, script: string): Promise<void> {
  const file = join(folder.path, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\nserver=$(cat)\n${script}\n`);
  await chmod(file, 0o755);
}

describe('credentials from the configuration of Docker', () => {
  it.each([
    ['ghcr.io', { 'ghcr.io': { auth: encode('ann:p:w') } }],
    ['ghcr.io', { 'https://ghcr.io/v2/': { auth: encode('ann:p:w') } }],
    ['localhost:5000', { 'localhost:5000': { username: 'ann', password: 'p:w' } }],
    ['docker.io', { 'https://index.docker.io/v1/': { auth: encode('ann:p:w\0\0') } }],
  ])('are found for %s in %j', async (registry, auths) => {
    expect(await lookup({ auths }, registry)).toEqual({ username: 'ann', password: 'p:w' });
  });

  it('are found as an identity token', async () => {
    const auths = { 'r.example': { auth: encode('00000000-0000:'), identitytoken: 'long' } };
    expect(await lookup({ auths }, 'r.example')).toEqual({ identityToken: 'long' });
  });

  it('are for the registry they stand under and no other', async () => {
    const auths = {
      'ghcr.io': { auth: encode('ann:pw') },
      'https://index.docker.io/v1/': { auth: encode('hub:pw') },
    };
    for (const registry of [
      'ghcr.io:444',
      'my.ghcr.io',
      'ghcr.io.evil.example',
      'quay.io',
      'localhost:5000',
    ]) {
      expect(await lookup({ auths }, registry)).toBeUndefined();
    }
  });

  it('give way to what is set for Docker Hub, which no other registry ever gets', async () => {
    const dockerHub = { username: 'set', password: 'pw' };
    const auths = {
      'index.docker.io': { auth: encode('file:pw') },
      'r.example': { auth: encode('file:pw') },
    };
    expect(await lookup({ auths }, 'docker.io', { dockerHub })).toEqual(dockerHub);
    expect(await lookup({ auths }, 'r.example', { dockerHub })).toEqual({ username: 'file', password: 'pw' });
    expect(await lookup({}, 'r.example', { dockerHub })).toBeUndefined();
  });

  it('are none, without a word, when there is no file or nothing in it', async () => {
    const none = registryCredentials({ dockerConfig: join(folder.path, 'nowhere') });
    expect(await none('docker.io')).toBeUndefined();
    expect(await registryCredentials({})('docker.io')).toBeUndefined();
    expect(await lookup({ auths: { 'r.example': {} } }, 'r.example')).toBeUndefined();
    expect(
      await lookup({ auths: { 'r.example': { auth: encode('no-colon') } } }, 'r.example'),
    ).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('are none, with a sentence that quotes nothing, when the file cannot be read', async () => {
    expect(await lookup('{"auths": {"r": {"auth": "c2VjcmV0', 'r')).toBeUndefined();
    expect(await lookup('[]', 'r')).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/config\.json is not used: it is not JSON\.$/),
      expect.stringMatching(/config\.json is not used: it holds no JSON object\.$/),
    ]);
  });
});

describe('credentials from a helper', () => {
  it('are asked for by the name Docker asks with, the own helper of a registry first', async () => {
    await helper(
      'own',
      'echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"own\\",\\"Secret\\":\\"$server\\"}"',
    );
    await helper('all', 'echo "{\\"Username\\":\\"all\\",\\"Secret\\":\\"$server\\"}"');
    const config = { credsStore: 'all', credHelpers: { 'r.example': 'own' } };
    expect(await lookup(config, 'r.example')).toEqual({ username: 'own', password: 'r.example' });
    expect(await lookup(config, 'docker.io')).toEqual({
      username: 'all',
      password: 'https://index.docker.io/v1/',
    });
  });

  it('may be an identity token', async () => {
    await helper('token', `echo '{"Username":"<token>","Secret":"long"}'`);
    expect(await lookup({ credsStore: 'token' }, 'r.example')).toEqual({ identityToken: 'long' });
  });

  it('that knows nothing leave the file its say, without a word', async () => {
    await helper('empty', 'echo "credentials not found in native keychain"; exit 1');
    const config = { credsStore: 'empty', auths: { 'r.example': { auth: encode('ann:pw') } } };
    expect(await lookup(config, 'r.example')).toEqual({ username: 'ann', password: 'pw' });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['is missing', 'absent', '', /docker-credential-absent cannot be run; is it installed/],
    ['fails', 'failing', 'exit 3', /docker-credential-failing failed with status 3\./],
    ['prints nonsense', 'odd', 'echo secret', /docker-credential-odd gave an answer that cannot be read\./],
    ['has a name that leads elsewhere', '../evil', '', /"\.\.\/evil" is no name of a credential helper\./],
  ])('that %s are none, with a sentence', async (_, name, script, sentence) => {
    if (script !== '') await helper(name, script);
    expect(await lookup({ credsStore: name }, 'r.example')).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(sentence)]);
    expect(warnings[0]).toMatch(/^There are no credentials for r\.example: /);
    expect(warnings[0]).not.toContain('secret');
  });

  it('are not waited for longer than allowed, also when something else holds the output', async () => {
    await helper('slow', 'sleep 3 & sleep 3');
    await expect(askCredentialHelper({ helper: 'slow', server: 'r.example', timeout: 100 })).rejects.toThrow(
      'docker-credential-slow did not answer within 0.1 s.',
    );
  });
});
