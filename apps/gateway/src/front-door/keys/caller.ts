import type { IncomingMessage } from 'node:http';
import type { ApiKey, Scope } from '#contracts';

/** Who makes a request, where keys are asked for. */
export interface Caller {
  /** `admin` for the key of the configuration. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Absent for the key of the configuration, which has no limits. */
  readonly key?: ApiKey;
}

export const ADMINISTRATOR: Caller = { id: 'admin', scopes: ['admin'] };

export function callerWith(key: ApiKey): Caller {
  return { id: key.id, scopes: key.scopes, key };
}

const callers = new WeakMap<IncomingMessage, Caller>();

export function setCaller(request: IncomingMessage, caller: Caller): void {
  callers.set(request, caller);
}

/** Undefined where no keys are asked for, and on routes that are open to everybody. */
export function callerOf(request: IncomingMessage): Caller | undefined {
  return callers.get(request);
}

export function mayDo({ scopes }: Caller, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}
