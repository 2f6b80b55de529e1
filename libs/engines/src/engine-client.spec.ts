import { expect, it } from 'vitest';
import { passedOn } from './engine-client.js';

it('keeps the headers that belong to the answer and drops those of the connection', () => {
  const headers = {
    'content-type': 'text/event-stream',
    'x-request-id': '7',
    connection: 'close',
    'keep-alive': 'timeout=5, max=100',
    'transfer-encoding': 'chunked',
    'content-length': '12',
    server: 'llama.cpp',
    'access-control-allow-origin': '*',
    'set-cookie': ['a=1', 'b=2'],
  };
  expect(passedOn(headers)).toEqual({
    'content-type': 'text/event-stream',
    'x-request-id': '7',
    'set-cookie': 'a=1, b=2',
  });
});
