import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../architecture/planted-tree.js';
import type { Accelerator, EngineName, Variant } from '#contracts';

/** `deploy/variants/<name>/variant.json`; what holds of each property stands in `variant.schema.json`. */
export interface VariantFile {
  readonly name: Variant;
  readonly engine: EngineName;
  readonly target: string;
  readonly platforms: readonly string[];
  readonly baseImage: string;
  readonly llamaServerVariant?: string;
  readonly accelerator?: Accelerator;
  readonly optional?: true;
  readonly sharedMemory?: string;
  readonly devices?: {
    readonly resource: string;
    readonly visibleDevices: readonly string[];
    readonly compose: ComposeDevices;
  };
}

export interface ComposeDevices {
  readonly gpus?: 'all';
  readonly runtime?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly devices?: readonly string[];
  readonly groups?: readonly string[];
  readonly mounts?: readonly string[];
  readonly securityOptions?: readonly string[];
}

/** Text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function readJson(path: string): unknown {
  return JSON.parse(read(path));
}

export function readYaml(path: string): unknown {
  return parse(read(path), { merge: true });
}

export function readVariant(name: Variant): VariantFile {
  return readJson(`deploy/variants/${name}/variant.json`) as VariantFile;
}

/** `deploy/versions.env` by name. */
export function readVersions(): ReadonlyMap<string, string> {
  const lines = read('deploy/versions.env').split('\n');
  const pairs = lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split('='));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
}

/** One `target "name" { … }` of a bake file, as far as the tests need it. */
export interface BakeTarget {
  readonly text: string;
  readonly target?: string;
  readonly inherits: readonly string[];
  readonly platforms: readonly string[];
  readonly args: ReadonlyMap<string, string>;
}

const words = (list = ''): string[] => [...list.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');

/** The targets of a bake file whose blocks end at a brace in the first column. */
export function readBakeTargets(text: string): ReadonlyMap<string, BakeTarget> {
  const blocks = [...text.matchAll(/^target "([\w-]+)" \{\n(.*?)^\}/gms)];
  return new Map(
    blocks.map(([, name = '', body = '']) => {
      const args = /^ {2}args\s*= \{(.*?)\}/ms.exec(body)?.[1] ?? '';
      const stage = /^ {2}target\s*= "(.*)"/m.exec(body)?.[1];
      const target: BakeTarget = {
        text: body,
        ...(stage !== undefined && { target: stage }),
        inherits: words(/^ {2}inherits\s*= \[(.*)\]/m.exec(body)?.[1]),
        platforms: words(/^ {2}platforms\s*= \[(.*)\]/m.exec(body)?.[1]),
        args: new Map(
          [...args.matchAll(/(\w+)\s*=\s*"?([\w-]+)"?/g)].map(([, key = '', value = '']) => [key, value]),
        ),
      };
      return [name, target];
    }),
  );
}

/** What a target says or inherits. */
export function resolveTarget(
  targets: ReadonlyMap<string, BakeTarget>,
  name: string,
): { target?: string; args: ReadonlyMap<string, string>; text: string } {
  const own = targets.get(name);
  if (own === undefined) throw new Error(`There is no target ${name}.`);
  const parents = own.inherits.map((parent) => resolveTarget(targets, parent));
  const stage = own.target ?? parents.findLast(({ target }) => target !== undefined)?.target;
  return {
    ...(stage !== undefined && { target: stage }),
    args: new Map([...parents.flatMap(({ args }) => [...args]), ...own.args]),
    text: [...parents.map(({ text }) => text), own.text].join('\n'),
  };
}
