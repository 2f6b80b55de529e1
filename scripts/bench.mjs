// npm run bench: installs and builds what is missing, then measures the cluster against its engine.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './bootstrap/build.mjs';
import { ensureInstalled } from './bootstrap/install.mjs';
import { requireNode } from './bootstrap/node-version.mjs';
import { ensurePrograms, TEST_PROGRAMS } from './setup/debian-packages.mjs';
import { ensureLlamaServer } from './setup/llama-server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The benchmark compares as much as this machine allows, so a missing engine is a line and not the end. */
async function findEngine() {
  try {
    return { LLAMA_SERVER_PATH: await ensureLlamaServer(root, console.error) };
  } catch (error) {
    console.error(error.message);
    return {};
  }
}

try {
  requireNode();
  await ensureInstalled(root, console.error);
  await ensureBuilt(root, console.error);
  await ensurePrograms(root, TEST_PROGRAMS, console.error);
  const child = spawn(process.execPath, [`${root}/dist/test/bench/main.js`, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...(await findEngine()) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => (process.exitCode = signal === null ? code : 1));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
