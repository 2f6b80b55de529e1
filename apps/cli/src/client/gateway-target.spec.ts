import { describe, expect, it } from 'vitest';
import { CommandFailure } from '../command-failure.js';
import { resolveTarget } from './gateway-target.js';

const proxies = { http: '', https: '', none: '' };
const nothing = {
  modelRunnerHost: '',
  url: '',
  apiKey: '',
  tls: false,
  tlsCaCert: '',
  tlsSkipVerify: false,
  proxies,
};
const target = (host: string) => resolveTarget({ host }, nothing);

describe('resolveTarget', () => {
  it('takes --host over MODEL_RUNNER_HOST over LONGSHORE_URL over the usual port', () => {
    const config = { ...nothing, modelRunnerHost: 'http://b:2', url: 'http://c:3' };
    expect(resolveTarget({ host: 'http://a:1' }, config).origin).toBe('http://a:1');
    expect(resolveTarget({}, config).origin).toBe('http://b:2');
    expect(resolveTarget({}, { ...config, modelRunnerHost: '' }).origin).toBe('http://c:3');
    expect(resolveTarget({}, nothing).origin).toBe('http://127.0.0.1:12434');
  });

  it('speaks http to a host without a scheme, and https when TLS is asked for', () => {
    expect(target('gateway:8080').origin).toBe('http://gateway:8080');
    expect(target('[::1]:8080').origin).toBe('http://[::1]:8080');
    expect(resolveTarget({ host: 'gateway:8080' }, { ...nothing, tls: true }).origin).toBe(
      'https://gateway:8080',
    );
  });

  it('keeps the path of the address without its last slash, and hides a key in it from people', () => {
    expect(target('http://gateway/t/acme/')).toMatchObject({
      prefix: '/t/acme',
      shown: 'http://gateway/t/acme',
    });
    expect(target('http://gateway/k/lsk_secret')).toMatchObject({
      prefix: '/k/lsk_secret',
      shown: 'http://gateway/k/…',
    });
  });

  it('makes Basic authentication of user and password, which it does not show', () => {
    const { authorization, shown } = target('http://me:s%3Acret@gateway');
    expect(authorization).toBe(`Basic ${Buffer.from('me:s:cret').toString('base64')}`);
    expect(shown).toBe('http://gateway');
  });

  it('sends an API key as Bearer, the one of the command line before the one of the environment', () => {
    const config = { ...nothing, apiKey: 'lsk_environment' };
    expect(resolveTarget({ host: 'http://me:x@gateway' }, config).authorization).toBe(
      'Bearer lsk_environment',
    );
    expect(resolveTarget({ apiKey: 'lsk_option' }, config).authorization).toBe('Bearer lsk_option');
  });

  it('reads the path of a unix socket', () => {
    expect(target('unix:///run/longshore.sock')).toMatchObject({
      socketPath: '/run/longshore.sock',
      shown: 'unix:///run/longshore.sock',
    });
  });

  it.each([
    ['ftp://gateway', /^--host must be an address such as/],
    ['http://', /^--host must be an address such as/],
    ['', /^--host must be an address such as/],
    ['unix://run/here', /^--host must name a socket by its full path/],
  ])('refuses "%s" and says what an address is', (host, words) => {
    expect(() => target(host)).toThrow(words);
    expect(() => target(host)).toThrow(CommandFailure);
  });

  it('refuses a key that no header can carry, without showing it', () => {
    expect(() => resolveTarget({ apiKey: 'lsk_\nsecret' }, nothing)).toThrow(
      /^The API key has characters(?!.*secret)/,
    );
  });

  it('says which variable names an authority that cannot be read', () => {
    expect(() => resolveTarget({}, { ...nothing, tlsCaCert: '/nowhere/ca.pem' })).toThrow(
      /^MODEL_RUNNER_TLS_CA_CERT names a file that cannot be read/,
    );
  });
});
