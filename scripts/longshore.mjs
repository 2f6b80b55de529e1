#!/usr/bin/env node
// The command line of a checkout. It is there before anything is built, because npx looks for it only once.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requireNode } from './bootstrap/node-version.mjs';

const root = new URL('..', import.meta.url);
const main = new URL('dist/apps/cli/src/main.js', root);

try {
  requireNode();
  if (!existsSync(main) || !existsSync(new URL('node_modules', root))) {
    const folder = fileURLToPath(root).replace(/\/$/, '');
    throw new Error(
      `Longshore is not built yet in ${folder}: "npm start" there installs, builds and starts a cluster, "make build" builds only.`,
    );
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import(main.href);
