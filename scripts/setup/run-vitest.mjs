import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTied } from './run-tied.mjs';

/** Runs one suite, with its output on ours, and returns vitest's report, if it wrote one, and how it ended. */
export async function runVitest({ root, project, args, env }) {
  const folder = await mkdtemp(join(tmpdir(), `longshore-report-${process.pid}-`));
  const file = join(folder, 'report.json');
  const command = [
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
    const exitCode = await runTied(command, root, env);
    return { exitCode, report: await readReport(file) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
