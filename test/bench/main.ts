import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { REPOSITORY } from '#testing';
import { HELP, OptionsError, parseOptions } from './bench-options.js';
import { LoadGenerator } from './load/load-generator.js';
import { printTable } from './report/table.js';
import { runBench } from './run-bench.js';

async function main(line: readonly string[]): Promise<void> {
  const options = parseOptions(line);
  if (options.help) return console.log(HELP);
  const generator = new LoadGenerator();
  try {
    const report = await runBench(options, generator, (progress) => console.error(progress));
    console.log(`\n${printTable(report.lines, report.machine)}`);
    for (const note of report.notes) console.log(`\n${note}`);
    if (options.json !== undefined) {
      await mkdir(dirname(options.json), { recursive: true });
      await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    }
  } finally {
    generator.stop();
  }
}

process.chdir(REPOSITORY);
main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof OptionsError ? error.message : error);
  process.exitCode = 1;
});
