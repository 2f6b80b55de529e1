import type { Mode } from '#contracts';
import type { EngineSession, LifeSign } from '#engines';
import type { Logger } from '#observability';
import { isToBeAsked, NO_SILENCE, prolong, whyStuck } from './judge-silence.js';

/** A request that an engine answers. */
export interface AwaitedAnswer {
  /** When the engine last sent something; ms since the epoch. */
  readonly lastActivity: number;
  /** Its client does not read, so the engine need not send. */
  readonly paused: boolean;
}

export interface EngineWatchOptions {
  readonly identity: { readonly modelId: string; readonly mode: Mode };
  readonly engine: EngineSession;
  /** ms of silence after which a request is given up. */
  readonly limit: number;
  /** The engine is stuck, and is being killed. */
  readonly onStuck: () => void;
  readonly logger: Logger;
}

/** Looks at one engine are so far apart; ms. */
const LONGEST_INTERVAL_MS = 5_000;
const LOOKS_IN_LIMIT = 60;

/**
 * Watches one engine while it owes answers, and kills it when it is stuck: it then counts as one that has died. An engine
 * without a process of ours is left alone, and told about.
 */
export class EngineWatch {
  /** What it owes, and when it was heard last when that was looked at. */
  private readonly awaited = new Map<AwaitedAnswer, number>();
  private readonly interval: number;
  private silence = NO_SILENCE;
  private work: number | undefined;
  private question: AbortController | undefined;
  private answer: LifeSign | undefined;
  private lookedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(private readonly options: EngineWatchOptions) {
    this.interval = Math.min(LONGEST_INTERVAL_MS, options.limit / LOOKS_IN_LIMIT);
    void options.engine.exited.then(() => this.end());
  }

  /** From now on the engine owes this answer. @returns what ends that */
  owes(answer: AwaitedAnswer): () => void {
    this.awaited.set(answer, answer.lastActivity);
    if (this.timer === undefined && !this.ended) this.lookAgain();
    return () => {
      if (this.hears()) this.breakSilence();
      this.awaited.delete(answer);
      // Its client has left without a word: whether the engine works is not to wait for the next one.
      if (this.awaited.size === 0 && this.silence !== NO_SILENCE) void this.ask();
    };
  }

  private lookAgain(): void {
    this.lookedAt = performance.now();
    this.timer = setTimeout(() => void this.look(), this.interval).unref();
  }

  private async look(): Promise<void> {
    // What happened while this process itself was stopped is not known.
    const elapsed = Math.min(performance.now() - this.lookedAt, 2 * this.interval);
    if (this.hears()) this.breakSilence();
    else if (this.isOwed()) await this.listen(elapsed);
    if (this.ended) return;
    if (this.awaited.size > 0 || this.question !== undefined) this.lookAgain();
    else this.rest();
  }

  private async listen(elapsed: number): Promise<void> {
    const { engine, limit } = this.options;
    const pulse = await engine.pulse();
    const before = this.work;
    this.work = pulse?.work;
    this.silence = prolong(this.silence, {
      elapsed,
      work: before === undefined || pulse === undefined ? undefined : Math.abs(pulse.work - before),
      halted: pulse?.halted === true,
      answer: this.answer,
    });
    this.answer = undefined;
    if (this.hears()) return this.breakSilence();
    const why = whyStuck(this.silence, limit);
    if (why !== undefined) this.giveUp(why);
    else if (isToBeAsked(this.silence, limit) && this.awaited.size > 0) void this.ask();
  }

  /** One question at a time, for as long as the silence lasts. */
  private async ask(): Promise<void> {
    if (this.question !== undefined || this.ended) return;
    const question = new AbortController();
    this.question = question;
    const answer = await this.options.engine.lifeSign(question.signal);
    if (this.question !== question) return;
    this.question = undefined;
    this.answer = answer;
  }

  private giveUp(why: string): void {
    const { engine, identity, logger, onStuck } = this.options;
    if (this.ended) return;
    this.breakSilence();
    if (engine.pid < 0)
      return logger.warn('A server that others run is silent', { ...identity, reason: why });
    this.end();
    logger.error('An engine is stuck and is killed', { ...identity, reason: why });
    onStuck();
    engine.kill(`The engine was stuck and was ended: ${why}.`);
  }

  /** Whether anything has come since this was asked last. */
  private hears(): boolean {
    let heard = false;
    for (const [answer, before] of this.awaited) {
      heard ||= answer.lastActivity > before;
      this.awaited.set(answer, answer.lastActivity);
    }
    return heard;
  }

  /** A question is owed an answer like a request. */
  private isOwed(): boolean {
    return this.question !== undefined || [...this.awaited.keys()].some(({ paused }) => !paused);
  }

  private breakSilence(): void {
    this.silence = NO_SILENCE;
    this.answer = undefined;
    this.question?.abort();
    this.question = undefined;
  }

  private rest(): void {
    this.breakSilence();
    clearTimeout(this.timer);
    [this.timer, this.work] = [undefined, undefined];
  }

  private end(): void {
    this.ended = true;
    this.rest();
  }
}
