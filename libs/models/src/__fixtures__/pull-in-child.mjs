import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./pull-in-child.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['longshore-source'] },
  ssr: { resolve: { conditions: ['longshore-source', 'node', 'import', 'default'] } },
});
await module.pullAndPrint(process.argv[2], process.argv[3]);
