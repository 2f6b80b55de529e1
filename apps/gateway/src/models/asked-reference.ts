import { InvalidReference, parseModelId, parseModelReference } from '#contracts';

/** The full reference that a text names a model by; undefined when it is an id, or no reference at all. */
export function askedReference(text: string, defaultRegistry: string): string | undefined {
  if (parseModelId(text) !== undefined) return undefined;
  try {
    return parseModelReference(text, defaultRegistry).name;
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
