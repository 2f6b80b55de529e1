/** The Model Runner's own paths, where a wrong method is answered like a wrong path. */
const INDIFFERENT = /^\/(?:models|engines|v1|rerank|score)(?:\/|$)/;

/** Below them, the Responses API and the Messages API are as exact as all others. */
const EXACT = /^\/(?:(?:engines\/(?:[^/]+\/)?)?v1|engines)\/(?:responses|messages)(?:\/|$)/;

/** Which methods paths take, to tell who comes with another one. */
export class RouteMethods {
  private readonly methods = new Map<string, Set<string>>();

  /** @param pattern as Fastify writes it, such as `/responses/:id` or `/models/*` */
  add(pattern: string, methods: string | readonly string[]): void {
    if (/^\/?\*$/.test(pattern)) return;
    const known = this.methods.get(pattern) ?? new Set();
    this.methods.set(pattern, known);
    for (const method of [methods].flat()) if (method !== 'OPTIONS') known.add(method);
  }

  /** Every route there is. */
  list(): readonly { readonly method: string; readonly path: string }[] {
    return [...this.methods].flatMap(([path, methods]) => [...methods].map((method) => ({ method, path })));
  }

  /** The methods of a path (no query), in alphabetical order; empty where there is no such path, or it must not matter. */
  allowed(path: string): readonly string[] {
    if (INDIFFERENT.test(path) && !EXACT.test(path)) return [];
    const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
    const found = [...this.methods].filter(([pattern]) => matches(pattern, plain));
    return [...new Set(found.flatMap(([, methods]) => [...methods]))].toSorted();
  }
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.at(-1) !== '*' && wanted.length !== given.length) return false;
  return wanted.every((segment, index) => {
    const there = given[index];
    if (there === undefined || segment === '*') return segment === '*' && there !== undefined;
    return segment === there || (segment.startsWith(':') && there !== '');
  });
}
