import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./holder.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['longshore-source'] },
  ssr: { resolve: { conditions: ['longshore-source', 'node', 'import', 'default'] } },
});
await module.hold(...process.argv.slice(2));
