import { badRequest, type RequestError } from '../request-error.js';

/** A schema that the embedded engine cannot keep. `place` is a JSON pointer into it, such as `#/properties/a`. */
export function refuseSchema(place: string, what: string): RequestError {
  return badRequest(`The JSON schema cannot be honoured: ${place} ${what}.`);
}

/** The same for one keyword. */
export function refuseKeyword(
  keyword: string,
  place: string,
  why = 'is not supported by the embedded llama.cpp engine',
): RequestError {
  return badRequest(`The JSON schema cannot be honoured: '${keyword}' at ${place} ${why}.`);
}
