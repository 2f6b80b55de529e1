import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { findLlamaServer } from '../llama-server.js';
import { syntheticEnginePath } from '../synthetic-engine/program.js';
import type { ProcessVariables } from './cluster-process.js';

/** `llama-server`: the real one; `embedded`: our own host; `synthetic`: a stand-in that computes nothing. */
export type ClusterEngine = 'llama-server' | 'embedded' | 'synthetic';

/** @throws Error with a sentence when this machine does not have the engine. */
export async function engineVariables(engine: ClusterEngine): Promise<ProcessVariables> {
  if (engine === 'synthetic') return { LLAMA_SERVER_PATH: await syntheticEnginePath() };
  if (engine === 'embedded') return { PATH: pathWithoutLlamaServer() };
  const path = findLlamaServer();
  if (path === undefined)
    throw new Error('There is no llama-server; "npm test" installs one, or set LLAMA_SERVER_PATH.');
  return { LLAMA_SERVER_PATH: path };
}

function pathWithoutLlamaServer(): string {
  const programs = ['llama-server', 'com.docker.llama-server'];
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !programs.some((program) => existsSync(join(folder, program))))
    .join(delimiter);
}
