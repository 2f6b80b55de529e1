import { isDockerHub, registryUrl } from './registry-address.js';

/** A server that speaks for a registry: the registry itself or a mirror of it. */
export interface RegistryEndpoint {
  /** What credentials are looked up by. */
  readonly name: string;
  /** Base of its API, without `/v2/`; may have a path. */
  readonly base: URL;
  readonly mirror: boolean;
}

/** A list of mirrors that cannot be read. The message completes the sentence "NAME …". */
export class UnreadableMirrors extends Error {
  override readonly name = 'UnreadableMirrors';
}

/**
 * Reads a comma-separated list of mirrors of Docker Hub: `https://mirror.example/prefix` or just a host. They are
 * tried in this order and their paths are kept.
 * @throws UnreadableMirrors
 */
export function parseMirrors(text: string, insecure = false): RegistryEndpoint[] {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '').map((entry) => readMirror(entry, insecure));
}

function readMirror(entry: string, insecure: boolean): RegistryEndpoint {
  const text = entry.includes('://') ? entry : withScheme(entry, insecure);
  const base = URL.canParse(text) && /^https?:/i.test(text) ? new URL(text) : undefined;
  const clean = base?.search === '' && base.hash === '' && base.username === '' && base.password === '';
  if (!base || !clean || base.hostname === '') {
    throw new UnreadableMirrors(
      `must be a comma-separated list of addresses such as https://mirror.example/prefix; "${entry}" is none`,
    );
  }
  // Some write the path of the API too.
  base.pathname = base.pathname.replace(/\/+$/, '').replace(/\/v2$/, '');
  return { name: base.host, base, mirror: true };
}

function withScheme(entry: string, insecure: boolean): string {
  const slash = entry.indexOf('/');
  const host = slash === -1 ? entry : entry.slice(0, slash);
  if (!URL.canParse(`https://${host}`)) return entry;
  return `${registryUrl(host, insecure).protocol}//${entry}`;
}

export function endpointUrl({ base }: RegistryEndpoint, repository: string, target: string): URL {
  return new URL(`${base.pathname.replace(/\/$/, '')}/v2/${repository}/${target}`, base);
}

/** How long a mirror that failed is left alone, ms: every range of a blob would wait for it otherwise. */
const REST_MS = 60_000;

/** Who is asked for a registry, in order; the registry itself comes last. */
export class RegistryEndpoints {
  private readonly resting = new Map<RegistryEndpoint, number>();

  constructor(
    private readonly insecure: boolean,
    private readonly mirrors: readonly RegistryEndpoint[],
  ) {}

  /** `reading` is false for what changes a registry: mirrors take no part in it. */
  of(registry: string, reading: boolean): RegistryEndpoint[] {
    const own = { name: registry, base: registryUrl(registry, this.insecure), mirror: false };
    if (!reading || !isDockerHub(registry)) return [own];
    const now = performance.now();
    return [...this.mirrors.filter((mirror) => (this.resting.get(mirror) ?? 0) <= now), own];
  }

  /** Leaves a mirror alone for a while. */
  rest(mirror: RegistryEndpoint): void {
    this.resting.set(mirror, performance.now() + REST_MS);
  }
}
