import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { signStoreToken, StoreSecret, WorkerDirectory } from '#cluster';
import type { WorkerAnnouncement } from '#contracts';
import { openStore, type StoreAnswer } from '../models/store-client.js';

/** A worker that can be asked about itself. */
export type TellingWorker = WorkerAnnouncement & { readonly storeUrl: string };

/** What workers tell gateways of themselves, where they serve their stores. */
@Injectable()
export class WorkerInsight {
  constructor(
    private readonly directory: WorkerDirectory,
    private readonly secret: StoreSecret,
  ) {}

  workers(): readonly TellingWorker[] {
    return this.directory
      .workers()
      .filter((worker): worker is TellingWorker => worker.storeUrl !== undefined);
  }

  /** @returns the body, which the caller reads or ends. @throws Error when the worker does not answer with one */
  async open(worker: TellingWorker, path: string, signal: AbortSignal): Promise<Readable> {
    const secret = await this.secret.get();
    let answer = await this.ask(worker, path, secret, signal);
    if (answer.status === 401) {
      answer.body.destroy();
      answer = await this.ask(worker, path, await this.secret.refresh(), signal);
    }
    if (answer.status === 200) return answer.body;
    answer.body.destroy();
    throw new Error(`it answered with status ${answer.status}`);
  }

  private ask(
    { storeUrl }: TellingWorker,
    path: string,
    secret: string,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const token = signStoreToken(secret, Date.now());
    return openStore({ method: 'GET', path, storeUrl, token, signal });
  }
}

/** Reads a body of bounded length. @throws Error when it is longer */
export async function readBounded(body: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new Error(`it answered with more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
