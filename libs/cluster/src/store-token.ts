import { createHmac, timingSafeEqual } from 'node:crypto';

/** A token is taken for this long after it was signed; ms. */
export const STORE_TOKEN_LIFETIME_MS = 60_000;

/** Clocks may differ by this much before a token counts as signed for too long; ms. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * What a gateway or worker shows to the store server of a worker: `<expiry>.<hex HMAC of the expiry>`, the expiry in ms
 * since the epoch.
 */
export function signStoreToken(secret: string, now: number): string {
  const expiry = String(now + STORE_TOKEN_LIFETIME_MS);
  return `${expiry}.${signatureOf(secret, expiry)}`;
}

/** Whether the token was signed with this secret and holds at `now`. Takes as long for a wrong one as for a right one. */
export function isStoreToken(secret: string, token: string, now: number): boolean {
  const [, expiry, signature] = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(token) ?? [];
  if (expiry === undefined || signature === undefined) return false;
  const expected = Buffer.from(signatureOf(secret, expiry), 'hex');
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) return false;
  const left = Number(expiry) - now;
  return left > 0 && left <= STORE_TOKEN_LIFETIME_MS + CLOCK_TOLERANCE_MS;
}

function signatureOf(secret: string, expiry: string): string {
  return createHmac('sha256', secret).update(expiry).digest('hex');
}
