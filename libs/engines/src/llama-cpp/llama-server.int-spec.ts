import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '#testing';
import { describeEngineContract } from '../__contract__/engine-contract.js';
import { findLlamaServer } from './find-binary.js';
import { LlamaServerEngine } from './llama-server-engine.js';

/** @throws when there is none: these tests are never skipped. */
function installedLlamaServer(): string {
  const cached = join(CACHE, 'llama-server');
  const folders = existsSync(cached)
    ? readdirSync(cached, { recursive: true, encoding: 'utf8' }).map((name) => join(cached, name))
    : [];
  const binary = findLlamaServer({
    binary: process.env['LLAMA_SERVER_PATH'],
    searchPath: [...folders, process.env['PATH'] ?? ''].join(':'),
  });
  if (binary !== undefined) return binary;
  throw new Error(
    'There is no llama-server to test with. `npm test` gets one; or set LLAMA_SERVER_PATH to yours.',
  );
}

describeEngineContract(
  'llama-server',
  () => new LlamaServerEngine({ binary: installedLlamaServer(), environment: process.env }),
);
