import { isObject, isString, type Item } from './fields.js';

/** A function as a client of the Responses API calls it. */
export interface CalledFunction {
  readonly name: string;
  /** The group of tools it belongs to. */
  readonly namespace?: string;
}

/** The name that a function has for engines. A chat completion knows no groups of tools, so the name says it all. */
export function qualifiedName({ name, namespace }: CalledFunction): string {
  return namespace === undefined ? name : `${namespace}__${name}`;
}

/**
 * Which function a model means.
 * @param tools as the response object lists them
 * @param qualified as the model calls it
 */
export function calledFunction(tools: unknown, qualified: string): CalledFunction {
  const namespaces = (Array.isArray(tools) ? tools : []).filter(isNamespace);
  const functions = namespaces.flatMap(({ name: namespace, tools: members }) =>
    members.map(({ name }) => ({ name: String(name), namespace })),
  );
  return functions.find((each) => qualifiedName(each) === qualified) ?? { name: qualified };
}

function isNamespace(tool: unknown): tool is { readonly name: string; readonly tools: readonly Item[] } {
  return (
    isObject(tool) && tool['type'] === 'namespace' && isString(tool['name']) && Array.isArray(tool['tools'])
  );
}
