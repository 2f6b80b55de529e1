import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const RESOURCES = join(dirname(createRequire(import.meta.url).resolve('openai')), 'resources');

/** The members that the official OpenAI library declares in the interface of that name. */
export function declaredMembers(file: string, name: string): string[] {
  const text = readFileSync(join(RESOURCES, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const start = new RegExp(`^export interface ${name}\\b`, 'm').exec(text)?.index;
  if (start === undefined) throw new Error(`${file} declares no ${name}.`);
  const body = text.slice(start, text.indexOf('\n}', start));
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, member]) => member ?? '').sort();
}
