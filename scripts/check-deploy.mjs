// npm run check:deploy [-- --quick]: checks images, compose files, chart, workflows and alerts with the programs that read
// them, and builds and starts the images; minutes. With --quick only what needs nothing compiled or built, as npm test does.
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './bootstrap/build.mjs';
import { ensureInstalled } from './bootstrap/install.mjs';
import { requireNode } from './bootstrap/node-version.mjs';
import { runDeploy } from './setup/run-deploy.mjs';
import { exitCodeOf } from './setup/test-plan.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const args = process.argv.slice(2);
const thorough = !args.includes('--quick');

try {
  requireNode();
  await ensureInstalled(root, console.log);
  if (thorough) await ensureBuilt(root, console.log);
  const rest = args.filter((arg) => arg !== '--quick');
  const { counts } = await runDeploy({ root, env: { ...process.env, CI: 'true' }, thorough, args: rest });
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = exitCodeOf(counts);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
