import { createHash, timingSafeEqual } from 'node:crypto';
import { type ApiKeys, digestApiKey } from '#cluster';
import { API_KEY } from '#contracts';
import { ADMINISTRATOR, type Caller, callerWith } from './caller.js';

/** Tells who a credential belongs to. */
export class KeyRing {
  private readonly adminDigest: Buffer;

  constructor(
    adminKey: string,
    private readonly keys: ApiKeys,
    private readonly now: () => number = Date.now,
  ) {
    this.adminDigest = sha256(adminKey);
  }

  /**
   * The caller of the first credential that holds; what cannot be a key costs no question to Redis.
   * @throws LongshoreError `redis_unavailable`
   */
  async identify(credentials: readonly string[]): Promise<Caller | undefined> {
    for (const credential of credentials) {
      // Digests are of one length, so that the comparison tells nothing of the key, neither of how long it is.
      if (timingSafeEqual(sha256(credential), this.adminDigest)) return ADMINISTRATOR;
      if (!API_KEY.test(credential)) continue;
      const key = await this.keys.find(digestApiKey(credential));
      if (key === undefined || (key.expiresAt !== undefined && key.expiresAt <= this.now())) continue;
      this.keys.noteUse(key.id);
      return callerWith(key);
    }
    return undefined;
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
