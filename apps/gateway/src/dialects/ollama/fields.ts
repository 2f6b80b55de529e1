import { LongshoreError } from '#contracts';
import { isObject, readJsonBody } from '../../http/json-body.js';

export { isObject };

export type JsonObject = Readonly<Record<string, unknown>>;

const LONGEST_NAME = 1_024;

/** @param field path of the member at fault, such as `messages[0].role` */
export function refuse(field: string, problem: string): LongshoreError {
  return new LongshoreError('invalid_request', `"${field}" ${problem}`, field);
}

/** The JSON object a body holds. @throws LongshoreError `invalid_request` */
export function readBody(body: unknown): JsonObject {
  const text = typeof body === 'string' ? body : '';
  if (text.trim() === '')
    throw new LongshoreError('invalid_request', 'missing request body: send a JSON object.');
  return readJsonBody(text);
}

/** The model that a body names, by `model` or, as older clients say it, by `name`. @throws LongshoreError `model_required` */
export function readModel(body: JsonObject): string {
  const model = readText(body, 'model') || readText(body, 'name');
  if (model === undefined || model === '')
    throw new LongshoreError('model_required', 'model is required', 'model');
  if (model.length > LONGEST_NAME)
    throw refuse('model', `must not be longer than ${LONGEST_NAME} characters.`);
  return model;
}

/** Undefined where it is absent or null, which are the same everywhere here. @throws LongshoreError */
export function readText(object: JsonObject, name: string, path = name): string | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw refuse(path, 'must be a string.');
}

/** @throws LongshoreError */
export function readFlag(object: JsonObject, name: string): boolean | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw refuse(name, 'must be true or false.');
}

/** A whole number within bounds. @throws LongshoreError */
export function readCount(
  object: JsonObject,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
  path = name,
): number | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw refuse(path, `must be a whole number from ${least} to ${most}.`);
}

/** @throws LongshoreError */
export function readObject(object: JsonObject, name: string, path = name): JsonObject | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw refuse(path, 'must be an object.');
}

/** @throws LongshoreError */
export function readList(object: JsonObject, name: string, path = name): readonly unknown[] | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined || Array.isArray(value)) return value as readonly unknown[] | undefined;
  throw refuse(path, 'must be a list.');
}

/** A list of objects. @throws LongshoreError */
export function readObjects(
  object: JsonObject,
  name: string,
  path = name,
): readonly JsonObject[] | undefined {
  return readList(object, name, path)?.map((entry, index) => {
    if (isObject(entry)) return entry;
    throw refuse(`${path}[${index}]`, 'must be an object.');
  });
}

/** Without the members that are undefined. */
export function present<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
