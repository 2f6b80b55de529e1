import { readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { createSyntheticServer } from './server.js';
import { readSettings, type SyntheticSettings } from './settings.js';

const HELP = `Speaks llama-server's HTTP and computes nothing.
--host HOST      address to listen on, or a path that ends in .sock
--port PORT      port to listen on; 0 takes a free one
--alias NAME     what to answer as model
All other flags of llama-server are ignored.`;

const flags = process.argv.slice(2);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (flags.includes('--version')) say('version: 0.0.0 (synthetic)\nbuilt for tests');
else if (flags.includes('--help')) say(HELP);
else serve();

function serve(): void {
  const { listen, ...settings } = readSettings(flags, process.env);
  if (lacksMemory({ listen, ...settings })) {
    say('ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 1073741824');
    say('llama_init_from_model: failed to initialize the context: failed to allocate compute buffers');
    process.exit(1);
  }
  const server = createSyntheticServer({ ...settings, listen });
  server.once('error', (error) => {
    say(`error: cannot listen: ${error.message}`);
    process.exit(1);
  });
  server.listen({ ...listen, backlog: 4096 }, () => {
    const address = server.address() as AddressInfo | string;
    say(
      `listening on ${typeof address === 'string' ? address : `http://${address.address}:${address.port}`}`,
    );
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      if ('path' in listen) rmSync(listen.path, { force: true });
      process.exit(0);
    });
  }
}

/** Whether it is to end as llama-server does where memory does not suffice. */
function lacksMemory({ context, contextLimit, engineLimit, listen }: SyntheticSettings): boolean {
  if (contextLimit !== undefined && context > contextLimit) return true;
  if (engineLimit === undefined || !('path' in listen)) return false;
  return readdirSync(dirname(listen.path)).filter((name) => name.endsWith('.sock')).length >= engineLimit;
}
