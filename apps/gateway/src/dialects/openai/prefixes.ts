/** Where the OpenAI API is found: at its own place, and where Model Runner clients look for it. */
export const OPENAI_PREFIXES = ['v1', 'engines/v1', 'engines/:engine/v1'];

/** Where Model Runner clients look for what has no version in its path. */
export const UNVERSIONED_PREFIXES = ['', 'engines', 'engines/:engine'];
