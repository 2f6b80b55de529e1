const DEFAULT_REGISTRIES: readonly string[] = ['docker.io', 'index.docker.io'];

/** A model's name without what goes without saying: the default registry, `ai/` and `:latest`. */
export function shortModelName(name: string, defaultRegistry = 'docker.io'): string {
  const implied = DEFAULT_REGISTRIES.includes(defaultRegistry) ? DEFAULT_REGISTRIES : [defaultRegistry];
  const registry = implied.find((each) => name.startsWith(`${each}/`));
  const local = registry === undefined ? name : name.slice(registry.length + 1);
  return local.replace(/^ai\//, '').replace(/:latest$/, '');
}

/** Twelve digits of an id, as people write it. */
export function shortModelId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
