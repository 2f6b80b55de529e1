import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { operationsOf, type Operation } from './operation.js';

/** One handler of a controller, with everything it answers. */
export interface ControllerRoute {
  readonly handler: string;
  /** `all` = every method there is. */
  readonly method: string;
  /** As Fastify writes them, such as `/v1/streams/:id`; the first is the one to be used. */
  readonly paths: readonly string[];
  readonly operations: readonly Operation[];
}

type Controller = abstract new (...parameters: never[]) => object;

/** The routes of a controller, as Nest registers them. */
export function routesOf(controller: Controller): ControllerRoute[] {
  const prefixes = pathsIn(controller);
  const prototype = controller.prototype as Readonly<Record<string, object>>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = name === 'constructor' ? undefined : prototype[name];
    const method = handler && (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined);
    if (handler === undefined || method === undefined) return [];
    const paths = prefixes.flatMap((prefix) => pathsIn(handler).map((path) => join(prefix, path)));
    return [
      {
        handler: `${controller.name}.${name}`,
        method: RequestMethod[method].toLowerCase(),
        paths: [...new Set(paths)],
        operations: operationsOf(handler),
      },
    ];
  });
}

function pathsIn(target: object): readonly string[] {
  const paths = Reflect.getMetadata(PATH_METADATA, target) as string | readonly string[] | undefined;
  return typeof paths === 'string' ? [paths] : (paths ?? ['']);
}

function join(prefix: string, path: string): string {
  const segments = `${prefix}/${path}`.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}
