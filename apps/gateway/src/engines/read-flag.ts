import { RouteFailure } from '../http/failure.js';

/** A query parameter that is true or false, in the spellings Go reads; absent and empty are false. @throws RouteFailure 400 */
export function readFlag(value: unknown, name: string): boolean {
  if (value === undefined || value === '') return false;
  if (typeof value === 'string') {
    if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
    if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  }
  throw new RouteFailure(400, `invalid ${name} parameter: it must be true or false.`);
}
