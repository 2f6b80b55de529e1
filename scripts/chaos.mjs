// npm run chaos: installs and builds what is missing, then breaks a cluster part by part, in this very process.
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './bootstrap/build.mjs';
import { ensureInstalled } from './bootstrap/install.mjs';
import { requireNode } from './bootstrap/node-version.mjs';
import { ensurePrograms, TEST_PROGRAMS } from './setup/debian-packages.mjs';
import { ensureLlamaServer } from './setup/llama-server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

try {
  requireNode();
  await ensureInstalled(root, console.error);
  await ensureBuilt(root, console.error);
  await ensurePrograms(root, TEST_PROGRAMS, console.error);
  process.env.LLAMA_SERVER_PATH = await ensureLlamaServer(root, console.error);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import('../dist/test/chaos/main.js');
