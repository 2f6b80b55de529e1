import type { ErrorCode } from '#contracts';
import type { Schema } from './schema.js';

export interface OperationParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: Schema;
  readonly required?: boolean;
}

/** Bodies by content type. */
export type Content = Readonly<Record<string, Schema>>;

export interface OperationAnswer {
  readonly description: string;
  /** Absent = no body. */
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
}

/** What the OpenAPI document says of one route. */
export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** Path parameters that are not described here are texts. */
  readonly parameters?: readonly OperationParameter[];
  readonly body?: { readonly content: Content; readonly description?: string; readonly optional?: boolean };
  /** By status, such as `200`, or `4XX`. */
  readonly answers: Readonly<Record<string, OperationAnswer>>;
  /** Failures of the error catalogue that are this route's own; those that any route may have are added. */
  readonly errors?: readonly ErrorCode[];
  /** Statuses with texts of their own, printed in the dialect of the path. */
  readonly failures?: Readonly<Record<string, string>>;
  /** What stands in place of the `*` of a path, such as `{model}/export`; absent = `{model}`. */
  readonly wildcard?: string;
  /** Serves without a key where keys are needed. */
  readonly open?: boolean;
}

const OPERATIONS = Symbol('operations');

/** Describes the route of a handler. A handler that serves several paths by a wildcard has one for each. */
export function Operation(operation: Operation): MethodDecorator {
  return (_controller, _name, descriptor) => {
    const handler: object = descriptor.value as object;
    // Decorators are applied from the last to the first.
    Reflect.defineMetadata(OPERATIONS, [operation, ...operationsOf(handler)], handler);
  };
}

/** What is said of a handler, in the order of its decorators. */
export function operationsOf(handler: object): readonly Operation[] {
  return (Reflect.getMetadata(OPERATIONS, handler) as readonly Operation[] | undefined) ?? [];
}
