/**
 * A model's name as clients write it, taken apart. `name` is what the catalogue stores and what the wire shows:
 * `registry/repository:tag`, or `registry/repository@sha256:…`.
 */
export interface ModelReference {
  /** Lower case: `docker.io`, `huggingface.co`, `localhost:5000` … */
  readonly registry: string;
  /** Lower case, with the organisation: `ai/smollm2`. */
  readonly repository: string;
  /** Absent when a digest was given. On Hugging Face it chooses a quantization: `Q4_K_M`. */
  readonly tag?: string;
  /** `sha256:` + 64 hex. */
  readonly digest?: string;
  /** Hugging Face only: a commit, branch or git tag, as in `huggingface.co/org/repo:Q4_K_M@main`. Absent = `main`. */
  readonly revision?: string;
  readonly name: string;
}

/** The registry name of models on the Hugging Face Hub, whatever server stands in for it. */
export const HUGGING_FACE = 'huggingface.co';

/** The text is not a model reference. The message says what is wrong with it. */
export class InvalidReference extends Error {
  override readonly name = 'InvalidReference';
}

const DEFAULT_ORGANISATION = 'ai';
const DEFAULT_TAG = 'latest';
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** The Hub allows `_` anywhere, and neither `..` nor `--`. */
const HUB_COMPONENT = /^(?!.*(?:\.\.|--))[a-z0-9_](?:[\w.-]{0,94}[a-z0-9_])?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const REVISION = /^\w[\w.-]{0,99}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LARGEST_PORT = 65_535;
/** Characters of registry and repository together; registries keep to it. */
const LONGEST_NAME = 255;
/** Characters of the longest thing that could be a reference: a name, a tag and a digest. */
const LONGEST_REFERENCE = 512;
const REGISTRY =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;

/**
 * Reads a reference by the rules of the Model Runner: `hf.co/` means `huggingface.co/`; no registry and no slash
 * means the `ai/` organisation; no registry means `defaultRegistry`; no tag means `latest`; registries and
 * repositories are lower case, tags keep theirs. A model on Hugging Face has exactly two names, and after `@` a revision as well as a digest.
 * @throws InvalidReference
 */
export function parseModelReference(text: string, defaultRegistry = 'docker.io'): ModelReference {
  const trimmed = text.trim().replace(/^(?:hf\.co|huggingface\.co)\//i, `${HUGGING_FACE}/`);
  if (trimmed === '') throw new InvalidReference('a model reference must not be empty');
  if (trimmed.length > LONGEST_REFERENCE)
    throw new InvalidReference(`a model reference must not be longer than ${LONGEST_REFERENCE} characters`);

  const at = trimmed.indexOf('@');
  const { path, tag } = splitTag(at === -1 ? trimmed : trimmed.slice(0, at), text);
  const { registry, repository } = splitRegistry(path, defaultRegistry, text);
  const pinned = at === -1 ? {} : readPin(trimmed.slice(at + 1), registry, text);

  const base = `${registry}/${repository}`;
  if (base.length > LONGEST_NAME)
    throw new InvalidReference(
      `"${text}": registry and repository must not be longer than ${LONGEST_NAME} characters together`,
    );
  if (pinned.digest !== undefined)
    return { registry, repository, ...pinned, name: `${base}@${pinned.digest}` };
  const suffix = pinned.revision === undefined ? '' : `@${pinned.revision}`;
  const chosen = tag ?? DEFAULT_TAG;
  return { registry, repository, tag: chosen, ...pinned, name: `${base}:${chosen}${suffix}` };
}

/** `sha256:`+64 hex, 64 hex or 12 hex: a model id, whole or shortened. Returned without `sha256:`. */
export function parseModelId(text: string): string | undefined {
  const match = /^(?:sha256:([0-9a-f]{64})|([0-9a-f]{64})|([0-9a-f]{12}))$/.exec(text.trim());
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

/** What comes after `@`. */
function readPin(pin: string, registry: string, whole: string): Pick<ModelReference, 'digest' | 'revision'> {
  if (DIGEST.test(pin)) return { digest: pin };
  const digest = '"sha256:" and 64 lower-case hex digits';
  if (registry !== HUGGING_FACE) throw new InvalidReference(`"${whole}": after "@" comes ${digest}`);
  if (REVISION.test(pin)) return { revision: pin };
  throw new InvalidReference(`"${whole}": after "@" comes a commit, a branch, a git tag or ${digest}`);
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
  const first = slash === -1 ? '' : path.slice(0, slash).toLowerCase();
  const named = first === 'localhost' || first.includes('.') || first.includes(':');
  const registry = named ? first : fallback.toLowerCase();
  if (!REGISTRY.test(registry) || portOf(registry) > LARGEST_PORT)
    throw new InvalidReference(`"${whole}": "${registry}" is not a registry host`);
  const rest = (named ? path.slice(slash + 1) : path).toLowerCase();
  const repository = !named && slash === -1 ? `${DEFAULT_ORGANISATION}/${rest}` : rest;
  const components = repository.split('/');
  if (registry === HUGGING_FACE && components.length !== 2)
    throw new InvalidReference(`"${whole}": a model on Hugging Face is named organisation/repository`);
  const allowed = registry === HUGGING_FACE ? HUB_COMPONENT : COMPONENT;
  for (const component of components) {
    if (!allowed.test(component))
      throw new InvalidReference(`"${whole}": "${component}" cannot be part of a name`);
  }
  return { registry, repository };
}

/** 0 when the host names none. */
function portOf(registry: string): number {
  return Number(/:(\d+)$/.exec(registry)?.[1] ?? 0);
}
