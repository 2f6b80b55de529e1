import { FormatError } from './format-error.js';

/**
 * Accepts a path out of a manifest only when it is a plain relative path below the model's folder. Manifests come
 * from strangers, so nothing is repaired: what is not plain is refused.
 * @throws FormatError
 */
export function checkFilePath(path: string): string {
  const names = path.split('/');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const hostile = /[\u0000-\u001f\u007f\\]/.test(path) || path.length > 1024;
  if (hostile || names.some((name) => name === '' || name === '.' || name === '..' || name.length > 255)) {
    throw new FormatError(`its file path ${JSON.stringify(path.slice(0, 200))} is not a plain relative path`);
  }
  return path;
}

/**
 * Refuses a set of paths of which two are the same, or of which one would have to be a file and a folder at once.
 * @throws FormatError
 */
export function checkDistinctPaths(paths: readonly string[]): void {
  const files = new Set<string>();
  for (const path of paths) {
    if (files.has(path)) throw new FormatError(`two of its layers claim the file path "${path}"`);
    files.add(path);
  }
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      if (files.has(folder)) throw new FormatError(`its file path "${folder}" is both a file and a folder`);
    }
  }
}
