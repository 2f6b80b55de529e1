import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../formats/json.js';
import { ifPresent } from '../store/durable-files.js';
import { HelperFailure, askCredentialHelper } from './credential-helper.js';
import { isDockerHub } from './registry-address.js';
import type { CredentialsLookup } from './registry-authorization.js';
import type { RegistryCredentials } from './registry-credentials.js';

export interface RegistryCredentialsOptions {
  /** For Docker Hub and no other registry. */
  readonly dockerHub?: RegistryCredentials;
  /** Folder of Docker's `config.json`; none is read when absent. */
  readonly dockerConfig?: string;
  /** ms a credential helper may take. */
  readonly helperTimeout?: number;
  /** Gets a sentence when credentials that are set up cannot be had; the registry is then asked without. */
  readonly onWarning?: (sentence: string) => void;
}

const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';
const HELPER_TIMEOUT_MS = 30_000;

/**
 * Credentials of the operator: what is set for Docker Hub, then Docker's own configuration (`credHelpers`,
 * `credsStore`, `auths`). Each registry gets what stands under its own name and nothing else. The file is read anew
 * every time, so that a `docker login` counts at once.
 */
export function registryCredentials(options: RegistryCredentialsOptions): CredentialsLookup {
  return async (registry) => {
    if (options.dockerHub && isDockerHub(registry)) return options.dockerHub;
    if (options.dockerConfig === undefined) return undefined;
    const warn = options.onWarning ?? ((): void => undefined);
    const config = await readConfig(join(options.dockerConfig, 'config.json'), warn);
    const helper = config && helperFor(config, registry);
    if (!config) return undefined;
    if (helper !== undefined) {
      const asked = await askHelper(helper, registry, options, warn);
      if (asked) return asked;
    }
    return storedFor(config, registry);
  };
}

type DockerConfig = Readonly<Record<string, unknown>>;

async function readConfig(path: string, warn: (sentence: string) => void): Promise<DockerConfig | undefined> {
  try {
    const text = await ifPresent(readFile(path, 'utf8'));
    if (text === undefined) return undefined;
    const document: unknown = JSON.parse(text);
    if (isRecord(document)) return document;
    warn(`${path} is not used: it holds no JSON object.`);
  } catch (error) {
    // The message of a JSON error quotes the file, which holds secrets.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    warn(`${path} is not used: ${why}.`);
  }
  return undefined;
}

function helperFor(config: DockerConfig, registry: string): string | undefined {
  const { credHelpers, credsStore } = config;
  const own = isRecord(credHelpers) ? credHelpers[keysOf(credHelpers, registry)[0] ?? ''] : undefined;
  return [own, credsStore].find((name): name is string => typeof name === 'string' && name !== '');
}

async function askHelper(
  helper: string,
  registry: string,
  options: RegistryCredentialsOptions,
  warn: (sentence: string) => void,
): Promise<RegistryCredentials | undefined> {
  const server = isDockerHub(registry) ? DOCKER_HUB_SERVER : registry;
  try {
    const timeout = options.helperTimeout ?? HELPER_TIMEOUT_MS;
    return await askCredentialHelper({ helper, server, timeout });
  } catch (error) {
    if (!(error instanceof HelperFailure)) throw error;
    warn(`There are no credentials for ${registry}: ${error.message}`);
    return undefined;
  }
}

function storedFor({ auths }: DockerConfig, registry: string): RegistryCredentials | undefined {
  if (!isRecord(auths)) return undefined;
  for (const key of keysOf(auths, registry)) {
    const entry = auths[key];
    const credentials = isRecord(entry) ? readEntry(entry) : undefined;
    if (credentials) return credentials;
  }
  return undefined;
}

function readEntry(entry: DockerConfig): RegistryCredentials | undefined {
  const { identitytoken, auth, username, password } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') return { identityToken: identitytoken };
  if (typeof username === 'string' && typeof password === 'string' && username !== '') {
    return { username, password };
  }
  if (typeof auth !== 'string') return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  // Old clients pad the password with zero bytes.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** The keys of a registry: its name first, then older spellings with a scheme and a path. */
function keysOf(entries: DockerConfig, registry: string): string[] {
  const matching = Object.keys(entries).filter((key) => {
    const host = key.replace(/^https?:\/\//i, '').replace(/\/.*$/, '');
    return isDockerHub(registry) ? isDockerHub(host) : host === registry;
  });
  return matching.sort((a, b) => Number(b === registry) - Number(a === registry));
}
