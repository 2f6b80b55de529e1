import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { signStoreToken, StoreSecret, WorkerDirectory } from '#cluster';
import { LongshoreError, type WorkerAnnouncement } from '#contracts';
import { RouteFailure } from '../http/failure.js';
import { openStore, type StoreAnswer, type StoreRequest } from './store-client.js';

/** A worker that has just got a model announces it within this; ms. */
const ANNOUNCED_WITHIN_MS = 1_500;
const LOOK_AGAIN_MS = 50;

/** A worker that is no longer heard of may still finish its answer for this long; ms. */
const LAST_WORDS_MS = 10_000;

/** Any worker that takes our token says that it does not have it. */
const NO_SUCH_BLOB = `/v2/store/blobs/sha256:${'0'.repeat(64)}`;

/** A worker that serves its store. */
export type StoreWorker = WorkerAnnouncement & { readonly storeUrl: string };

interface Answered {
  readonly worker: StoreWorker;
  readonly answer: StoreAnswer;
}

interface Round {
  readonly workers: readonly StoreWorker[];
  readonly request: StoreRequest;
  readonly signal: AbortSignal;
  /** Whether an answer of this status is followed by asking the next worker. */
  readonly goesOn: (status: number) => boolean;
}

/** The model stores of the live workers, as a gateway uses them. */
@Injectable()
export class ModelStores {
  constructor(
    private readonly directory: WorkerDirectory,
    private readonly secret: StoreSecret,
  ) {}

  /** Workers that serve their stores: first those that stay, the emptiest of them first. */
  all(): readonly StoreWorker[] {
    const serving = this.directory.workers().filter(servesStore);
    return serving.toSorted(
      (a, b) => Number(a.draining) - Number(b.draining) || (a.storeBytes ?? 0) - (b.storeBytes ?? 0),
    );
  }

  /**
   * Workers that have a model, in an order that spreads the work: first those that stay.
   * @param name of the model, for the message
   * @throws RouteFailure 500 when there is none
   */
  async holders(modelId: string, name: string): Promise<readonly StoreWorker[]> {
    for (const waitUntil = performance.now() + ANNOUNCED_WITHIN_MS; ; await delay(LOOK_AGAIN_MS)) {
      const holders = this.all().filter(({ models }) => models.includes(modelId));
      if (holders.length > 0) return spread(holders);
      if (performance.now() < waitUntil) continue;
      throw new RouteFailure(500, `No live worker has the files of ${name}; pull it again.`);
    }
  }

  /**
   * Asks one worker after the other until one answers. One that dies before its answer begins, does not have what is
   * asked for (404) or has too much to do (503) is followed by the next.
   * @returns the answer, which the caller reads or ends
   * @throws RouteFailure 500 when none answers; LongshoreError `redis_unavailable`
   */
  async ask(
    workers: readonly StoreWorker[],
    request: StoreRequest,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const goesOn = (status: number): boolean => status === 404 || status === 503;
    return (await this.askEach({ workers, request, signal, goesOn })).answer;
  }

  /**
   * The first of all workers that takes requests of ours, for one that can be sent only once.
   * @throws RouteFailure 500 when there is none; LongshoreError `redis_unavailable`
   */
  async firstReachable(signal: AbortSignal): Promise<StoreWorker> {
    const request = { method: 'HEAD', path: NO_SUCH_BLOB } as const;
    const goesOn = (status: number): boolean => status !== 404;
    const { worker, answer } = await this.askEach({ workers: this.all(), request, signal, goesOn });
    answer.body.destroy();
    if (answer.status === 404) return worker;
    throw new RouteFailure(
      500,
      `No model store takes requests: ${worker.workerId} answered with status ${answer.status}.`,
    );
  }

  /** The first answer that does not go on to the next worker; else the last one there was. */
  private async askEach({ workers, request, signal, goesOn }: Round): Promise<Answered> {
    if (workers.length === 0) throw new RouteFailure(500, 'No live worker serves its model store.');
    const reasons: string[] = [];
    let last: Answered | undefined;
    for (const worker of workers) {
      try {
        const answer = await this.askOne(worker, request, signal);
        last?.answer.body.destroy();
        last = { worker, answer };
        if (!goesOn(answer.status)) return last;
      } catch (error) {
        if (signal.aborted || error instanceof LongshoreError) last?.answer.body.destroy();
        signal.throwIfAborted();
        if (error instanceof LongshoreError) throw error;
        reasons.push(`${worker.workerId}: ${(error as Error).message}`);
      }
    }
    if (last !== undefined) return last;
    throw new RouteFailure(500, `No model store answers: ${reasons.join('; ')}.`);
  }

  private async askOne(
    worker: StoreWorker,
    request: StoreRequest,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const secret = await this.secret.get();
    const answer = await this.open(worker, { ...request, secret }, signal);
    if (answer.status !== 401) return answer;
    // Either the worker refuses us, or a registry the caller: the first is mended by another secret only.
    const renewed = await this.secret.refresh();
    if (renewed === secret || request.upload !== undefined) return answer;
    answer.body.destroy();
    return this.open(worker, { ...request, secret: renewed }, signal);
  }

  private async open(
    { workerId, storeUrl }: StoreWorker,
    { secret, ...request }: StoreRequest & { readonly secret: string },
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const lost = new AbortController();
    let patience = 0;
    let timer: NodeJS.Timeout | undefined;
    const stopListening = this.directory.onLost((id) => {
      if (id === workerId)
        timer = setTimeout(() => lost.abort(new Error('the worker was lost')), patience).unref();
    });
    const forget = (): void => {
      stopListening();
      clearTimeout(timer);
    };
    try {
      const token = signStoreToken(secret, Date.now());
      const answer = await openStore({
        ...request,
        storeUrl,
        token,
        signal: AbortSignal.any([signal, lost.signal]),
      });
      patience = LAST_WORDS_MS;
      answer.body.once('close', forget);
      return answer;
    } catch (error) {
      forget();
      throw error;
    }
  }
}

function servesStore(worker: WorkerAnnouncement): worker is StoreWorker {
  return worker.storeUrl !== undefined;
}

/** Those that stay before those that leave, each in random order. */
function spread(workers: readonly StoreWorker[]): readonly StoreWorker[] {
  return workers
    .map((worker) => ({ worker, rank: Number(worker.draining) + Math.random() / 2 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ worker }) => worker);
}
