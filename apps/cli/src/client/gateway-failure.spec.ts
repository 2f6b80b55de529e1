import { describe, expect, it } from 'vitest';
import { answerFailure, connectionFailure, messageOf } from './gateway-failure.js';
import type { GatewayTarget } from './gateway-target.js';

const target: GatewayTarget = {
  origin: 'http://gateway:1',
  prefix: '',
  shown: 'http://gateway:1',
  skipVerify: false,
  proxies: { http: '', https: '', none: '' },
};
const refusal = (status: number, text: string, contentType = 'text/plain') =>
  answerFailure({ status, text, contentType, asked: 'GET /models' }, target);
const coded = (code: string, message = 'words') => Object.assign(new Error(message), { code });

describe('connectionFailure', () => {
  it('says how to start a cluster when none answers', () => {
    const failure = connectionFailure(coded('ECONNREFUSED'), target);
    expect(failure.message).toMatch(
      /^No cluster answers at http:\/\/gateway:1 \(connection refused\).*longshore up/,
    );
    expect(failure).toMatchObject({ exitCode: 4, transient: true });
  });

  it('does not try again with a name that nobody has', () => {
    expect(connectionFailure(coded('ENOTFOUND'), target)).toMatchObject({ exitCode: 4, transient: false });
  });

  it('looks for the reason in the cause and in what several tries met', () => {
    const wrapped = Object.assign(new Error('other side closed', { cause: coded('ECONNREFUSED') }), {
      code: 'UND_ERR_SOCKET',
    });
    expect(connectionFailure(wrapped, target).message).toContain('connection refused');
    const several = new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')]);
    expect(connectionFailure(several, target).message).toContain('connection refused');
  });

  it('says how to trust a certificate', () => {
    const failure = connectionFailure(
      coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
      target,
    );
    expect(failure.message).toMatch(/self-signed certificate.*MODEL_RUNNER_TLS_CA_CERT/);
    expect(failure.transient).toBe(false);
  });

  it('tells a connection that broke off from one that never was', () => {
    expect(connectionFailure(coded('UND_ERR_SOCKET', 'other side closed'), target).message).toBe(
      'The connection to http://gateway:1 broke off before the answer was complete (other side closed).',
    );
  });
});

describe('answerFailure', () => {
  it.each([
    [400, 1, false],
    [401, 5, false],
    [403, 5, false],
    [404, 3, false],
    [409, 1, false],
    [429, 1, false],
    [500, 1, false],
    [502, 4, true],
    [503, 4, true],
    [504, 4, true],
  ])('makes of status %i exit code %i', (status, exitCode, transient) => {
    expect(refusal(status, 'why')).toMatchObject({ exitCode, transient, status });
  });

  it('tells how to give a key, or that this one is not accepted', () => {
    expect(refusal(401, 'invalid key').message).toBe(
      'The cluster at http://gateway:1 wants an API key: give one with --api-key or LONGSHORE_API_KEY. Its administrator makes one with "longshore keys create".',
    );
    const withKey = { ...target, authorization: 'Bearer x' };
    const failure = answerFailure({ status: 401, text: '', contentType: '', asked: 'GET /models' }, withKey);
    expect(failure.message).toMatch(/does not accept this API key/);
  });

  it('does not speak of API keys when a registry refuses', () => {
    expect(refusal(401, 'Unauthorized: registry.example refuses.\n').message).toBe(
      'Unauthorized: registry.example refuses: the registry wants other credentials, or none has them.',
    );
  });

  it('names request and status when there are no words', () => {
    expect(refusal(500, '<html>…', 'text/html').message).toBe(
      'The cluster at http://gateway:1 answered GET /models with 500 and no reason.',
    );
  });
});

describe('messageOf', () => {
  it.each([
    ['plain\n', 'plain'],
    ['{"error":"words"}', 'words'],
    ['{"error":{"message":"words","code":"x"}}', 'words'],
    ['{"type":"error","message":"words"}', 'words'],
    ['{"error":{}}', '{"error":{}}'],
    ['{broken', '{broken'],
    ['', ''],
  ])('reads %s', (text, words) => {
    expect(messageOf(text, 'application/json')).toBe(words);
  });
});
