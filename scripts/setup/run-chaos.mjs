import { join } from 'node:path';
import { runTied } from './run-tied.mjs';

/** Long enough for every fault once. The seed is fixed, so that two runs differ in nothing but time. */
const MINUTES = '2';
const SEED = '1';

/** Breaks a cluster part by part; counts as one test, which passes when no client loses anything by it. */
export async function runChaos({ root, env }) {
  const main = join(root, 'dist', 'test', 'chaos', 'main.js');
  const command = [process.execPath, main, '--minutes', MINUTES, '--seed', SEED];
  const exitCode = await runTied(command, root, env);
  return { exitCode, counts: { passed: Number(exitCode === 0), failed: Number(exitCode !== 0), skipped: 0 } };
}
