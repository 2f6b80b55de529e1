import { HUGGING_FACE } from '#contracts';
import {
  HubHttp,
  HuggingFaceSource,
  type ModelSource,
  RegistryHttp,
  RegistrySource,
  RoutedSource,
} from '#models';
import { readRelease } from '#observability';
import type { WorkerConfig } from './worker.config.js';

export interface WorkerSource {
  readonly source: ModelSource;
  /** The registries among them, which models are pushed to as well. */
  readonly registry: RegistryHttp;
  /** Ends all connections, also those in use. */
  close(): Promise<void>;
}

/** Where this worker gets models from: registries, and the Hugging Face Hub for names that begin with it. */
export function createSource(config: WorkerConfig): WorkerSource {
  const userAgent = `longshore/${readRelease()}`;
  const registries = new RegistryHttp({ ...registryOptions(config), userAgent });
  const hub = new HubHttp({
    endpoint: config.huggingFaceEndpoint,
    userAgent,
    ...(config.huggingFaceToken !== undefined && { token: config.huggingFaceToken }),
  });
  return {
    registry: registries,
    source: new RoutedSource(new RegistrySource(registries), { [HUGGING_FACE]: new HuggingFaceSource(hub) }),
    close: async () => {
      await Promise.all([registries.close(), hub.close()]);
    },
  };
}

function registryOptions({ insecureRegistry, dockerHubUser, dockerHubPassword }: WorkerConfig) {
  const hub = { username: dockerHubUser ?? '', password: dockerHubPassword ?? '' };
  const hasHub = dockerHubUser !== undefined && dockerHubPassword !== undefined;
  return {
    insecure: insecureRegistry,
    credentials: (registry: string) => (registry === 'docker.io' && hasHub ? hub : undefined),
  };
}
