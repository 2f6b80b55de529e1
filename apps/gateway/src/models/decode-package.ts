import { RouteFailure } from '../http/failure.js';
import { givenReference } from './given-reference.js';

/** How a model that is sent as files is to be packaged. */
export interface Packaging {
  /** As the client wrote it. */
  readonly shown: string;
  /** Full reference. */
  readonly target: string;
  readonly contextSize?: number;
}

/** The query of `POST /models/package`. @throws RouteFailure 400 */
export function decodePackage(query: Readonly<Record<string, unknown>>, defaultRegistry: string): Packaging {
  const { target, context_size: contextSize, ...others } = query;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new RouteFailure(
      400,
      `unknown query parameter "${unknown.slice(0, 100)}": there are target and context_size`,
    );
  if (typeof target !== 'string' || target === '')
    throw new RouteFailure(400, 'missing target query parameter: the name of the model');
  const named = { shown: target, target: givenReference(target, defaultRegistry) };
  if (contextSize === undefined) return named;
  const size = typeof contextSize === 'string' && /^\d{1,10}$/.test(contextSize) ? Number(contextSize) : 0;
  if (size < 1 || size > 2 ** 31 - 1)
    throw new RouteFailure(400, 'context_size must be a whole number of tokens above 0');
  return { ...named, contextSize: size };
}
