import { parseModelId } from '#contracts';
import { RouteFailure } from '../http/failure.js';
import { referenceOf } from './decode-pull.js';
import { givenReference } from './given-reference.js';

/** What a wildcard path below `/models` asks for. */
export interface ModelAction {
  /** As the client wrote it. */
  readonly model: string;
  readonly action: string;
}

/** Takes the last segment of a path as the action; what stands before it is the model, slashes and all. */
export function splitAction(path: string): ModelAction {
  const slash = path.lastIndexOf('/');
  return { model: slash === -1 ? '' : path.slice(0, slash), action: path.slice(slash + 1) };
}

/** What a tag route's query names. @throws RouteFailure 400 */
export function decodeTag(
  query: Readonly<Record<string, unknown>>,
  defaultRegistry: string,
): { readonly shown: string; readonly reference: string } {
  const { repo, tag } = query;
  if (typeof repo !== 'string' || typeof tag !== 'string' || repo === '' || tag === '')
    throw new RouteFailure(400, 'missing repo or tag query parameter');
  const shown = `${repo}:${tag}`;
  return { shown, reference: givenReference(shown, defaultRegistry) };
}

/** Where a model is pushed to, and with what. @throws RouteFailure 400 */
export function decodePush(
  { model, body }: { readonly model: string; readonly body: unknown },
  defaultRegistry: string,
): { readonly reference: string; readonly bearerToken?: string } {
  if (parseModelId(model) !== undefined)
    throw new RouteFailure(400, 'Invalid model reference: a model is pushed by a name; tag it first.');
  const reference = referenceOf(model, defaultRegistry);
  const text = typeof body === 'string' ? body.trim() : '';
  const token = text === '' ? undefined : readObject(text, 'invalid request body')['bearer-token'];
  if (token !== undefined && typeof token !== 'string')
    throw new RouteFailure(400, 'invalid request body: "bearer-token" must be a string');
  return { reference, ...(token ? { bearerToken: token } : {}) };
}

export interface Repackaging {
  /** As the client wrote it. */
  readonly shown: string;
  /** Full reference. */
  readonly target: string;
  /** Tokens. Without it nothing is changed. */
  readonly contextSize?: number;
}

/** @throws RouteFailure 400 */
export function decodeRepackage(body: unknown, defaultRegistry: string): Repackaging {
  const { target, context_size: contextSize } = readObject(
    typeof body === 'string' ? body : '',
    'invalid request body',
  );
  if (target !== undefined && typeof target !== 'string')
    throw new RouteFailure(400, 'invalid request body: "target" must be a string');
  if (!target) throw new RouteFailure(400, 'target is required');
  const named = { shown: target, target: givenReference(target, defaultRegistry) };
  if (contextSize === undefined || contextSize === null) return named;
  if (typeof contextSize !== 'number' || !Number.isSafeInteger(contextSize) || contextSize < 1)
    throw new RouteFailure(400, 'invalid request body: "context_size" must be a whole number above 0');
  return { ...named, contextSize };
}

/** Whether a query parameter is given as true: also when it is there without a value. */
export function isFlagSet(value: unknown): boolean {
  return typeof value === 'string' && /^(?:|1|t|true)$/i.test(value);
}

/** Whether a query parameter that must have a value is true. */
export function isForced(value: unknown): boolean {
  return isFlagSet(value) && value !== '';
}

function readObject(text: string, complaint: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new RouteFailure(400, `${complaint}: it is not a JSON object`);
}
