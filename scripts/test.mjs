// npm test [unit] [deploy] [integration] [e2e] [chaos] [vllm] [arguments of vitest]: sets up what is missing, then runs the suites
// in turn. vllm only when it is named.
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './bootstrap/build.mjs';
import { ensureInstalled } from './bootstrap/install.mjs';
import { requireNode } from './bootstrap/node-version.mjs';
import { ensurePrograms, TEST_PROGRAMS } from './setup/debian-packages.mjs';
import { ensureDockerModel } from './setup/docker-model.mjs';
import { ensureLlamaServer } from './setup/llama-server.mjs';
import { ensurePythonClients } from './setup/python-clients.mjs';
import { runChaos } from './setup/run-chaos.mjs';
import { runDeploy } from './setup/run-deploy.mjs';
import { runVitest } from './setup/run-vitest.mjs';
import { addCounts, countTests, exitCodeOf, listFailures, planTests } from './setup/test-plan.mjs';
import { ensureVllm } from './setup/vllm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const { projects, rest } = planTests(process.argv.slice(2));

/** Suites that touch no other program, or bring theirs themselves. */
const WITHOUT_PROGRAMS = ['unit', 'deploy', 'vllm'];

async function setUp() {
  requireNode();
  await ensureInstalled(root, console.log);
  await ensureBuilt(root, console.log);
  const env = { ...process.env, CI: 'true' };
  if (projects.includes('vllm')) Object.assign(env, await vllmOrNothing());
  if (projects.every((project) => WITHOUT_PROGRAMS.includes(project))) return env;
  await ensurePrograms(root, TEST_PROGRAMS, console.log);
  if (projects.includes('e2e'))
    Object.assign(env, await dockerModelOrNothing(), await pythonClientsOrNothing());
  return { ...env, LLAMA_SERVER_PATH: await ensureLlamaServer(root, console.log) };
}

/** Its suite is skipped on a machine that cannot have it. */
async function vllmOrNothing() {
  try {
    return { VLLM_SERVER_PATH: await ensureVllm(root, console.log) };
  } catch (error) {
    console.error(`\n!!! There is no vLLM on this machine, so its tests are SKIPPED. ${error.message}\n`);
    return {};
  }
}

/** So is its suite on a machine without Go. */
async function dockerModelOrNothing() {
  try {
    return { DOCKER_MODEL_PATH: await ensureDockerModel(root, console.log) };
  } catch (error) {
    console.error(
      `\n!!! There is no docker-model on this machine, so its tests are SKIPPED. ${error.message}\n`,
    );
    return {};
  }
}

/** So are theirs on a machine without Python. */
async function pythonClientsOrNothing() {
  try {
    return { PYTHON_CLIENTS_PATH: await ensurePythonClients(root, console.log) };
  } catch (error) {
    console.error(
      `\n!!! There are no clients in Python here, so their tests are SKIPPED. ${error.message}\n`,
    );
    return {};
  }
}

async function runAll(env) {
  let total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  for (const project of projects) {
    console.log(`\nSuite: ${project}`);
    const { counts, exitCode, report } = await runSuite(project, env);
    total = addCounts(total, counts);
    failures.push(...listFailures(report, exitCode, root).map((failure) => `${project}: ${failure}`));
    if (exitCode >= 128) break;
  }
  return { total, failures };
}

async function runSuite(project, env) {
  if (project === 'chaos') return runChaos({ root, env });
  if (project === 'deploy') return runDeploy({ root, env, args: rest });
  const { report, exitCode } = await runVitest({ root, project, args: rest, env });
  return { exitCode, report, counts: countTests(report, exitCode) };
}

try {
  const { total, failures } = await runAll(await setUp());
  if (total.passed + total.failed === 0) console.error('No test ran; do the arguments name tests?');
  // Once more, because it is far up by now.
  if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = exitCodeOf(total);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
