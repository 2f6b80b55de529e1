import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '#testing';
import { findLlamaServer } from '../llama-cpp/find-binary.js';

/**
 * The llama-server that the tests run with: `LLAMA_SERVER_PATH`, else the one the test set-up keeps, else the PATH.
 * @throws when there is none: these tests are never skipped.
 */
export function installedLlamaServer(): string {
  const cached = join(CACHE, 'llama-server');
  const folders = existsSync(cached)
    ? readdirSync(cached, { recursive: true, encoding: 'utf8' }).map((name) => join(cached, name))
    : [];
  const binary = findLlamaServer({
    binary: process.env['LLAMA_SERVER_PATH'],
    searchPath: [cached, ...folders, process.env['PATH'] ?? ''].join(':'),
  });
  if (binary !== undefined) return binary;
  throw new Error(
    'There is no llama-server to test with. `npm test` gets one; or set LLAMA_SERVER_PATH to yours.',
  );
}
