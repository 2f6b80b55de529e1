import { ensureDeployTools } from './deploy-tools.mjs';
import { ensurePrograms, TEST_PROGRAMS } from './debian-packages.mjs';
import { ensureLlamaServer } from './llama-server.mjs';
import { runVitest } from './run-vitest.mjs';
import { countTests } from './test-plan.mjs';

/** Runs the checks of what is deployed; `thorough` as in {@link ensureDeployTools}, and with the images themselves. */
export async function runDeploy({ root, env, thorough = false, args = [] }) {
  const tools = await ensureDeployTools(root, { thorough, say: console.log });
  const images = thorough ? await imagesOrNothing(root) : {};
  const { report, exitCode } = await runVitest({
    root,
    project: 'deploy',
    args,
    env: { ...env, DEPLOY_TOOLS: tools, ...images },
  });
  return { exitCode, report, counts: countTests(report, exitCode) };
}

/** Only root may make a Debian of its own and enter it. */
async function imagesOrNothing(root) {
  if (process.getuid?.() !== 0) {
    console.error(
      '\n!!! Images are not built here, so their tests are SKIPPED. Run this as root for them.\n',
    );
    return {};
  }
  await ensurePrograms(root, TEST_PROGRAMS, console.log);
  await ensureLlamaServer(root, console.log);
  return { DEPLOY_IMAGES: 'yes' };
}
