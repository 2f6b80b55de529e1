/** Requests that a real engine runs at once. */
export const REAL_SLOTS = 16;

/** Tokens of each of them. */
export const REAL_CONTEXT = 512;
