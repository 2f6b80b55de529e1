import { ensureDeployTools } from './deploy-tools.mjs';
import { runVitest } from './run-vitest.mjs';
import { countTests } from './test-plan.mjs';

/** Runs the checks of what is deployed; `thorough` as in {@link ensureDeployTools}, and with the images themselves. */
export async function runDeploy({ root, env, thorough = false, args = [] }) {
  const tools = await ensureDeployTools(root, { thorough, say: console.log });
  const { report, exitCode } = await runVitest({
    root,
    project: 'deploy',
    args,
    env: { ...env, DEPLOY_TOOLS: tools, ...(thorough && { DEPLOY_IMAGES: 'yes' }) },
  });
  return { exitCode, counts: countTests(report, exitCode) };
}
