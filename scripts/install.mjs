// Makes node_modules what package-lock.json asks for; says and does nothing when it is that already.
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './bootstrap/install.mjs';
import { requireNode } from './bootstrap/node-version.mjs';

try {
  requireNode();
  await ensureInstalled(fileURLToPath(new URL('..', import.meta.url)), console.log);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
