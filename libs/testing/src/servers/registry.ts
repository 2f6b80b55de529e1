import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../temporary-folder.js';
import { startChildServer } from './child-server.js';

/** A real OCI registry of our own, over plain HTTP. It dies with this process, also after SIGKILL (on Linux). */
export interface RegistryFixture {
  /** `127.0.0.1:<port>`, as the first part of a model reference. */
  readonly host: string;
  readonly pid: number;
  /** Where it keeps blobs and manifests, for tests that damage them. */
  readonly storageDirectory: string;
  /** Ends the server with SIGKILL and leaves its storage; gone on return. */
  kill(): Promise<void>;
  /** Ends the server and removes its storage. May be called again. */
  stop(): Promise<void>;
}

/** @throws ChildServerError when docker-registry is missing or does not start */
export async function startRegistry(): Promise<RegistryFixture> {
  const folder = await makeTemporaryFolder('registry');
  try {
    const storageDirectory = join(folder.path, 'storage');
    const configuration = join(folder.path, 'configuration.json');
    await mkdir(storageDirectory);
    await writeFile(configuration, JSON.stringify(configure(storageDirectory)));
    const server = await startChildServer({
      command: 'docker-registry',
      arguments: ['serve', configuration],
      directory: folder.path,
      ready: /listening on (127\.0\.0\.1:\d+)/,
      missing:
        'docker-registry is not installed; on Debian and Ubuntu "apt-get install docker-registry" brings it.',
    });
    return {
      host: server.greeting[1] ?? '',
      pid: server.pid,
      storageDirectory,
      kill: () => server.end('SIGKILL'),
      async stop() {
        await server.end('SIGKILL');
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Every JSON document is YAML too. The registry takes a free port itself and tells it in its log. */
function configure(storageDirectory: string): object {
  return {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: storageDirectory },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: '127.0.0.1:0' },
  };
}
