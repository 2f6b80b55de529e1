import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CACHE, REPOSITORY } from '#testing';
import { HELP, OptionsError, parseOptions } from './chaos-options.js';
import { runChaos } from './run-chaos.js';
import { printReport } from './score/print-report.js';

/** Beyond the time that faults are made: setting up, letting what is under way end, and clearing up. */
const OVERTIME_MS = 88_000;
const MINUTE_MS = 60_000;
const LOGS = `${CACHE}/chaos/logs.txt`;

async function main(line: readonly string[]): Promise<void> {
  const options = parseOptions(line, Math.floor(Math.random() * 1_000_000));
  if (options.help) return console.log(HELP);
  // Everything that was started dies with this process, however it ends.
  setTimeout(
    () => {
      console.error('The run did not end in time; what it started ends with it.');
      process.exit(1);
    },
    options.minutes * MINUTE_MS + OVERTIME_MS,
  ).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  const showLogs = (logs: string): void => void logPages.push(logs);
  const logPages: string[] = [];
  try {
    const report = await runChaos(options, (progress) => console.error(progress), showLogs);
    console.log(`\n${printReport(report)}`);
    if (options.json !== undefined) await write(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    if (report.verdicts.some(({ met }) => !met)) process.exitCode = 1;
  } finally {
    if (logPages.length > 0) await write(LOGS, logPages.join('\n'));
    if (logPages.length > 0) console.error(`\nWhat gateways and workers printed is in ${LOGS}.`);
  }
}

async function write(file: string, text: string): Promise<void> {
  const path = resolve(REPOSITORY, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof OptionsError ? error.message : error);
  process.exitCode = 1;
});
