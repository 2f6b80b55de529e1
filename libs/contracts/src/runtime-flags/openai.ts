import type { FlagList } from './flag-list.js';

/** Somebody else runs the server, with flags of their own. */
export const OPENAI_FLAGS: FlagList = { allowed: new Set(), reserved: new Map() };
