import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.mjs';

/**
 * Runs one suite, with its output on ours, and returns vitest's report, if it wrote one, and how it ended. Vitest dies
 * with us on Linux, also when we are killed with SIGKILL.
 */
export async function runVitest({ root, project, args, env }) {
  const folder = await mkdtemp(join(tmpdir(), `longshore-report-${process.pid}-`));
  const file = join(folder, 'report.json');
  const command = [
    ...(process.platform === 'linux' && findProgram('setpriv')
      ? ['setpriv', '--pdeathsig', 'KILL', '--']
      : []),
    process.execPath,
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    `--project=${project}`,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...args,
  ];
  try {
    const exitCode = await run(command, root, env);
    return { exitCode, report: await readReport(file) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run([command, ...args], cwd, env) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const forward = (signal) => child.kill(signal);
  process.on('SIGTERM', forward).on('SIGINT', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
