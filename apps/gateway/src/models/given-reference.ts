import { parseModelReference } from '#contracts';
import { RouteFailure } from '../http/failure.js';
import { referenceOf } from './decode-pull.js';

/**
 * The full reference that a client wants a model to have as a name. A digest says what is in a model: nobody chooses it.
 * @throws RouteFailure 400 that says what is wrong with it
 */
export function givenReference(text: string, defaultRegistry: string): string {
  const reference = referenceOf(text, defaultRegistry);
  if (parseModelReference(reference, defaultRegistry).digest === undefined) return reference;
  throw new RouteFailure(400, `Invalid model reference: "${text}": a digest cannot be given; use a tag`);
}
