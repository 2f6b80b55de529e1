// npm start: installs and builds what is missing, then runs the launcher in this very process.
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './bootstrap/build.mjs';
import { ensureInstalled } from './bootstrap/install.mjs';
import { requireNode } from './bootstrap/node-version.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
// npm that is killed tells nobody. Once the cluster is starting, the launcher looks out for that itself.
const parent = process.ppid;
const underNpm = process.env.npm_lifecycle_event !== undefined;
const watch = setInterval(() => underNpm && process.ppid !== parent && process.exit(1), 250);

try {
  requireNode();
  await ensureInstalled(root, console.log);
  await ensureBuilt(root, console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { runCommandLine } = await import('../dist/apps/cli/src/command-line.js');
clearInterval(watch);
process.exitCode = await runCommandLine(['up', ...process.argv.slice(2)]);
