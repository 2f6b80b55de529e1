import type { FastifyRequest } from 'fastify';

/** What models a request names, as its caller wrote them. */
export interface NamedModels {
  /** Models that are asked, shown, changed or removed. */
  readonly existing: readonly string[];
  /** Names that something new is to have. */
  readonly given?: readonly string[];
  /** Concerns models that it does not name. */
  readonly all?: boolean;
}

export type ReadNames = (request: FastifyRequest) => NamedModels;

/** Concerns no model. */
export const NO_MODEL: ReadNames = () => ({ existing: [] });

/** Concerns models that nothing in it names. */
export const ALL_MODELS: ReadNames = () => ({ existing: [], all: true });

/** Members of the body that name a model or several; a member of a member as `a.b`. */
export function inBody(...members: readonly string[]): ReadNames {
  return ({ body }) => ({ existing: textsIn(body, members) });
}

/** As `inBody`, where a body that names none means all. */
export function inBodyOrAll(...members: readonly string[]): ReadNames {
  return ({ body }) => {
    const existing = textsIn(body, members);
    return { existing, all: existing.length === 0 || memberOf(parseBody(body), 'all') === true };
  };
}

/** Members of the body that name what is to come. */
export function newInBody(...members: readonly string[]): ReadNames {
  return ({ body }) => ({ existing: [], given: textsIn(body, members) });
}

export function inQueryOrAll(parameter: string): ReadNames {
  return (request) => {
    const existing = texts(queryOf(request)[parameter]);
    return { existing, all: existing.length === 0 };
  };
}

export function newInQuery(parameter: string): ReadNames {
  return (request) => ({ existing: [], given: texts(queryOf(request)[parameter]) });
}

/** `/models/<name>`, with one of `actions` behind it or none. */
export function inPath(...actions: readonly string[]): ReadNames {
  return (request) => {
    const { model, action } = splitPath(request);
    return { existing: [actions.includes(action) ? model : `${model}${model && '/'}${action}`] };
  };
}

/** `POST /models/<name>/<action>`: what the action makes has a name of its own. */
export const inAction: ReadNames = (request) => {
  const { model, action } = splitPath(request);
  const { repo, tag } = queryOf(request);
  if (action === 'tag') return { existing: [model], given: [`${String(repo)}:${String(tag)}`] };
  if (action === 'push') return { existing: [model], given: [model] };
  return { existing: [model], given: textsIn(request.body, ['target']) };
};

function splitPath({ params }: FastifyRequest): { readonly model: string; readonly action: string } {
  const { '*': path = '' } = params as Readonly<Record<string, string | undefined>>;
  const slash = path.lastIndexOf('/');
  return { model: slash === -1 ? '' : path.slice(0, slash), action: path.slice(slash + 1) };
}

function queryOf({ query }: FastifyRequest): Readonly<Record<string, unknown>> {
  return query as Readonly<Record<string, unknown>>;
}

function textsIn(body: unknown, members: readonly string[]): readonly string[] {
  const object = parseBody(body);
  return members.flatMap((path) => {
    const value = path.split('.').reduce<unknown>((outer, member) => memberOf(outer, member), object);
    return texts(value);
  });
}

/** A body that cannot be read names nothing, and goes no further than to who says so. */
export function parseBody(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function texts(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((text) => typeof text === 'string' && text !== '') as readonly string[];
}
