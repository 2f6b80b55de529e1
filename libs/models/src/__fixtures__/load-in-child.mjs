import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./load-in-child.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['longshore-source'] },
  ssr: { resolve: { conditions: ['longshore-source', 'node', 'import', 'default'] } },
});
await module.loadFromInput(process.argv[2]);
