import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { sendHead } from './send-head.js';

/** A response of which nothing is sent, and what would be. */
function response(): { raw: ServerResponse; lines: () => string[] } {
  const request = new IncomingMessage(new Socket());
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  const raw = new ServerResponse(request);
  const lines = (): string[] => {
    raw.flushHeaders();
    return String(Reflect.get(raw, '_header')).split('\r\n');
  };
  return { raw, lines };
}

const STREAM = { 'Content-Type': 'text/event-stream', 'x-engine': 'a' };

describe('the head of an event stream', () => {
  it('says that nobody on its way may keep or hold it', () => {
    const { raw, lines } = response();
    sendHead(raw, { status: 200, headers: STREAM }, {});
    expect(lines()).toEqual(
      expect.arrayContaining(['HTTP/1.1 200 OK', 'cache-control: no-cache', 'x-accel-buffering: no']),
    );
  });

  it('is not kept header by header while the stream is open', () => {
    const { raw } = response();
    sendHead(raw, { status: 200, headers: STREAM }, { 'x-request-id': 'r' });
    expect(raw.headersSent).toBe(true);
    expect(raw.getHeaderNames()).toEqual([]);
  });
});

describe.each([
  ['an event stream', 'text/event-stream'],
  ['any other answer', 'application/json'],
])('the head of %s', (_, type) => {
  it('has one header of each name, and ours where there are two', () => {
    const { raw, lines } = response();
    const headers = { 'content-type': type, 'X-Request-Id': 'theirs', 'x-engine': 'a' };
    sendHead(raw, { status: 200, headers }, { 'x-request-id': 'ours', 'x-none': undefined });
    const sent = lines();
    expect(sent.filter((line) => /^x-request-id:/i.test(line))).toEqual(['x-request-id: ours']);
    expect(sent).toEqual(expect.arrayContaining([`content-type: ${type}`, 'x-engine: a']));
    expect(sent.join()).not.toContain('x-none');
  });

  it('has nothing of the connection that the answer came by', () => {
    const { raw, lines } = response();
    sendHead(raw, { status: 200, headers: { 'content-type': type, 'Keep-Alive': 'timeout=77' } }, {});
    expect(lines().join()).not.toContain('timeout=77');
  });

  it('has each of several values', () => {
    const { raw, lines } = response();
    sendHead(raw, { status: 200, headers: { 'content-type': type } }, { vary: ['Origin', 'Accept'] });
    expect(lines()).toEqual(expect.arrayContaining(['vary: Origin', 'vary: Accept']));
  });
});
