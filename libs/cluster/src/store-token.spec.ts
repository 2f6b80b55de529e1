import { describe, expect, it } from 'vitest';
import { isStoreToken, signStoreToken, STORE_TOKEN_LIFETIME_MS } from './store-token.js';

const SECRET = 'ab'.repeat(32);
const NOW = 1_800_000_000_000;

describe('a token for a store server', () => {
  const token = signStoreToken(SECRET, NOW);

  it('holds from when it is signed until it expires', () => {
    expect(isStoreToken(SECRET, token, NOW)).toBe(true);
    expect(isStoreToken(SECRET, token, NOW + STORE_TOKEN_LIFETIME_MS - 1)).toBe(true);
    expect(isStoreToken(SECRET, token, NOW + STORE_TOKEN_LIFETIME_MS)).toBe(false);
  });

  it('holds at a clock that is a little behind, and not at one that is far behind', () => {
    expect(isStoreToken(SECRET, token, NOW - 30_000)).toBe(true);
    expect(isStoreToken(SECRET, token, NOW - 3_600_000)).toBe(false);
  });

  it('is refused with another secret, another expiry or another form', () => {
    expect(isStoreToken('cd'.repeat(32), token, NOW)).toBe(false);
    const later = String(NOW + STORE_TOKEN_LIFETIME_MS + 1);
    expect(isStoreToken(SECRET, token.replace(/^\d+/, later), NOW)).toBe(false);
    for (const wrong of ['', '.', 'x', `${token}0`, token.slice(0, -1), token.toUpperCase()])
      expect(isStoreToken(SECRET, wrong, NOW)).toBe(false);
  });
});
