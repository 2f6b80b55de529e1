import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations } from '#cluster';
import type { RecordedRequest } from '#contracts';
import { findManaged } from '../../models/find-managed.js';
import type { JsonObject } from '../decode-body.js';
import { encodeSettings, namesIn } from '../encode-configuration.js';
import { encodeRecords, type ModelRecords } from './encode-records.js';
import { RecordedRequests } from './recorded-requests.js';

/** Events a slow listener may lag behind; what comes beyond is left out. */
const BACKLOG = 100;

/** A quiet stream gets a comment so often, so that proxies keep it; ms. */
const QUIET_LIMIT_MS = 15_000;

/** What was asked and answered, for people. */
@Injectable()
export class RequestsService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly records: RecordedRequests,
  ) {}

  /** Models of which nothing is recorded are left out. @param model one only, as the caller writes it */
  async list(model?: string): Promise<readonly ModelRecords[]> {
    const wanted = model === undefined ? undefined : await findManaged(this.catalogue, model);
    if (model !== undefined && wanted === undefined) return [];
    const ids = wanted === undefined ? (await this.catalogue.list()).map(({ id }) => id) : [wanted.id];
    const configOf = await this.readConfigs();
    const all = await Promise.all(
      ids.map(async (id) => encodeRecords(id, await this.records.of(id), configOf(id))),
    );
    return all.filter(({ count }) => count > 0);
  }

  /** Events as they are recorded, for as long as somebody listens. */
  async *follow(
    { model, existing }: { readonly model: string | undefined; readonly existing: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const wanted = model === undefined ? undefined : await findManaged(this.catalogue, model);
    const listening = new Listening((record) => {
      return model === undefined || record.model === model || record.modelId === wanted?.id;
    });
    const stop = this.records.listen((record) => listening.take(record));
    const onAbort = (): void => listening.wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (existing) for (const records of await this.list(model)) yield event('existing_request', [records]);
      yield Buffer.from('event: connected\ndata: {"status": "connected"}\n\n');
      while (!signal.aborted) {
        const record = await listening.next();
        if (record === undefined) yield Buffer.from(':\n\n');
        else yield event('new_request', [await this.encode(record)]);
      }
    } finally {
      stop();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** With the name the caller used in place of the id, as live events have it. */
  private async encode(record: RecordedRequest): Promise<ModelRecords> {
    const configOf = await this.readConfigs();
    return encodeRecords(record.model, [record], configOf(record.modelId));
  }

  private async readConfigs(): Promise<(modelId: string) => JsonObject> {
    const [models, all] = await Promise.all([
      this.catalogue.list().catch(() => []),
      this.configurations.all().catch(() => []),
    ]);
    const nameOf = namesIn(models);
    return (id) => {
      const own = all.filter(({ modelId }) => modelId === id);
      const chosen = own.find(({ mode }) => mode === 'completion') ?? own[0];
      return chosen === undefined ? {} : encodeSettings(chosen, nameOf);
    };
  }
}

/** Records that wait for one listener. */
class Listening {
  private readonly waiting: RecordedRequest[] = [];
  private onNews: (() => void) | undefined;

  constructor(private readonly wants: (record: RecordedRequest) => boolean) {}

  take(record: RecordedRequest): void {
    if (this.waiting.length >= BACKLOG || !this.wants(record)) return;
    this.waiting.push(record);
    this.wake();
  }

  wake(): void {
    this.onNews?.();
  }

  /** Undefined after a while in which there was none. */
  async next(): Promise<RecordedRequest | undefined> {
    if (this.waiting.length === 0) {
      await new Promise<void>((resolve) => {
        const quiet = setTimeout(resolve, QUIET_LIMIT_MS);
        this.onNews = () => {
          clearTimeout(quiet);
          resolve();
        };
      });
      this.onNews = undefined;
    }
    return this.waiting.shift();
  }
}

function event(name: string, data: readonly ModelRecords[]): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
