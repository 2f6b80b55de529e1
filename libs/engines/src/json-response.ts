import { Readable } from 'node:stream';
import type { EngineResponse } from './engine-client.js';

/** An answer that was put together here. */
export function jsonResponse(
  status: number,
  json: string,
  headers: EngineResponse['headers'] = {},
): EngineResponse {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    body: Readable.from([Buffer.from(json)]),
  };
}
