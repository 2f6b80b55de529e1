import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./pull-in-child.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['longshore-source'] },
  ssr: { resolve: { conditions: ['longshore-source', 'node', 'import', 'default'] } },
});
const [directory, name, segmentSize] = process.argv.slice(2);
await module.pullAndPrint(directory, name, segmentSize === undefined ? undefined : Number(segmentSize));
