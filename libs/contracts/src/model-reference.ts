/**
 * A model's name as clients write it, taken apart. `name` is what the catalogue stores and what the wire shows:
 * `registry/repository:tag`, or `registry/repository@sha256:…`.
 */
export interface ModelReference {
  /** `docker.io`, `huggingface.co`, `localhost:5000` … */
  readonly registry: string;
  /** Lower case, with the organisation: `ai/smollm2`. */
  readonly repository: string;
  /** Absent when a digest was given. */
  readonly tag?: string;
  /** `sha256:` + 64 hex. */
  readonly digest?: string;
  readonly name: string;
}

/** The text is not a model reference. The message says what is wrong with it. */
export class InvalidReference extends Error {
  override readonly name = 'InvalidReference';
}

const DEFAULT_ORGANISATION = 'ai';
const DEFAULT_TAG = 'latest';
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LARGEST_PORT = 65_535;
const REGISTRY =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;

/**
 * Reads a reference by the rules of the Model Runner: `hf.co/` means `huggingface.co/`; no registry and no slash
 * means the `ai/` organisation; no registry means `defaultRegistry`; no tag means `latest`; repositories are lower
 * case, tags keep theirs.
 * @throws InvalidReference
 */
export function parseModelReference(text: string, defaultRegistry = 'docker.io'): ModelReference {
  const trimmed = text.trim().replace(/^hf\.co\//, 'huggingface.co/');
  if (trimmed === '') throw new InvalidReference('a model reference must not be empty');

  const at = trimmed.indexOf('@');
  const digest = at === -1 ? undefined : trimmed.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw new InvalidReference(`"${text}": after "@" comes "sha256:" and 64 lower-case hex digits`);
  }
  const { path, tag } = splitTag(at === -1 ? trimmed : trimmed.slice(0, at), text);
  const { registry, repository } = splitRegistry(path, defaultRegistry, text);

  const suffix = digest === undefined ? `:${tag ?? DEFAULT_TAG}` : `@${digest}`;
  const identity = digest === undefined ? { tag: tag ?? DEFAULT_TAG } : { digest };
  return { registry, repository, ...identity, name: `${registry}/${repository}${suffix}` };
}

/** `sha256:`+64 hex, 64 hex or 12 hex: a model id, whole or shortened. Returned without `sha256:`. */
export function parseModelId(text: string): string | undefined {
  const match = /^(?:sha256:([0-9a-f]{64})|([0-9a-f]{64})|([0-9a-f]{12}))$/.exec(text.trim());
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

function splitTag(text: string, whole: string): { path: string; tag?: string } {
  const colon = text.lastIndexOf(':');
  if (colon === -1 || text.indexOf('/', colon) !== -1) return { path: text };
  const tag = text.slice(colon + 1);
  if (!TAG.test(tag)) throw new InvalidReference(`"${whole}": "${tag}" is not a tag`);
  return { path: text.slice(0, colon), tag };
}

function splitRegistry(
  path: string,
  fallback: string,
  whole: string,
): { registry: string; repository: string } {
  const slash = path.indexOf('/');
  const first = slash === -1 ? '' : path.slice(0, slash);
  const named = first === 'localhost' || first.includes('.') || first.includes(':');
  const registry = named ? first : fallback;
  if (!REGISTRY.test(registry) || portOf(registry) > LARGEST_PORT)
    throw new InvalidReference(`"${whole}": "${registry}" is not a registry host`);
  const rest = (named ? path.slice(slash + 1) : path).toLowerCase();
  const repository = !named && slash === -1 ? `${DEFAULT_ORGANISATION}/${rest}` : rest;
  for (const component of repository.split('/')) {
    if (!COMPONENT.test(component))
      throw new InvalidReference(`"${whole}": "${component}" cannot be part of a name`);
  }
  return { registry, repository };
}

/** 0 when the host names none. */
function portOf(registry: string): number {
  return Number(/:(\d+)$/.exec(registry)?.[1] ?? 0);
}
