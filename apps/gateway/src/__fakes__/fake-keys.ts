import {
  ApiKeys,
  KeyUsage,
  type KeyLimits,
  type LimitVerdict,
  ownedDigest,
  type RepeatableAnswer,
} from '#cluster';
import type { ApiKey } from '#contracts';

/** Keeps keys for as long as it lives. */
export class FakeApiKeys extends ApiKeys {
  readonly kept = new Map<string, ApiKey>();
  readonly used = new Map<string, number>();
  /** Digests that were looked up. */
  readonly asked: string[] = [];

  override async find(digest: string): Promise<ApiKey | undefined> {
    this.asked.push(digest);
    return this.kept.get(digest);
  }

  override async add(digest: string, key: ApiKey): Promise<void> {
    this.kept.set(digest, key);
  }

  override async remove(id: string): Promise<boolean> {
    const found = [...this.kept].filter(([, key]) => key.id === id);
    return found.filter(([digest]) => this.kept.delete(digest)).length > 0;
  }

  override async list(): Promise<readonly { readonly key: ApiKey; readonly usedAt?: number }[]> {
    return [...this.kept.values()].map((key) => {
      const usedAt = this.used.get(key.id);
      return { key, ...(usedAt !== undefined && { usedAt }) };
    });
  }

  override noteUse(id: string): void {
    this.used.set(id, Date.now());
  }
}

/** Says of limits what the test wants, and keeps what was charged. */
export class FakeKeyUsage extends KeyUsage {
  verdict: LimitVerdict = { retryAfter: 0 };
  readonly begun: string[] = [];
  readonly charged: { readonly id: string; readonly tokens: number }[] = [];

  override async begin(id: string, _limits: KeyLimits): Promise<LimitVerdict> {
    this.begun.push(id);
    return this.verdict;
  }

  private readonly answers = new Map<string, number>();

  override async charge(
    id: string,
    _limits: KeyLimits,
    tokens: number,
    answer?: RepeatableAnswer,
  ): Promise<void> {
    const name = `${id} ${answer?.requestId}`;
    const before = answer === undefined ? 0 : (this.answers.get(name) ?? 0);
    if (answer !== undefined) this.answers.set(name, Math.max(before, tokens));
    if (tokens > before) this.charged.push({ id, tokens: tokens - before });
  }

  readonly owners = new Map<string, string>();

  override own(id: string, requestId: string, _ttl: number): void {
    this.owners.set(ownedDigest(requestId), id);
  }

  override async ownerOf(digest: string): Promise<string | undefined> {
    return this.owners.get(digest);
  }
}
