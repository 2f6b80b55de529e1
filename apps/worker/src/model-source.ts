import { homedir } from 'node:os';
import { join } from 'node:path';
import { HUGGING_FACE } from '#contracts';
import {
  HubHttp,
  HuggingFaceSource,
  type ModelSource,
  parseMirrors,
  registryCredentials,
  RegistryHttp,
  type RegistryOptions,
  RegistrySource,
  RoutedSource,
} from '#models';
import type { Logger } from '#observability';
import { readRelease } from '#config';
import type { SettledConfig } from './worker.config.js';

export interface WorkerSource {
  readonly source: ModelSource;
  /** The registries among them, which models are pushed to as well. */
  readonly registry: RegistryHttp;
  /** Ends all connections, also those in use. */
  close(): Promise<void>;
}

/** Where this worker gets models from: registries, and the Hugging Face Hub for names that begin with it. */
export function createSource(config: SettledConfig, logger: Logger): WorkerSource {
  const userAgent = `longshore/${readRelease()}`;
  const registries = new RegistryHttp({ ...registryOptions(config, logger), userAgent });
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

/** Credentials stay with the registry they are for: the two variables are Docker Hub's, all others come from Docker. */
function registryOptions(config: SettledConfig, logger: Logger): RegistryOptions {
  const { insecureRegistry, registryMirrors, dockerConfig, dockerHubUser, dockerHubPassword } = config;
  const trusted = config.trustedTokenHosts.split(',').flatMap((host) => host.trim() || []);
  const hasHub = dockerHubUser !== undefined && dockerHubPassword !== undefined;
  return {
    insecure: insecureRegistry,
    mirrors: parseMirrors(registryMirrors, insecureRegistry),
    trustedTokenHosts: trusted,
    credentials: registryCredentials({
      dockerConfig: dockerConfig || join(homedir(), '.docker'),
      onWarning: (sentence) => logger.warn(sentence),
      ...(hasHub && { dockerHub: { username: dockerHubUser, password: dockerHubPassword } }),
    }),
  };
}
