import { PassThrough } from 'node:stream';
import type { EngineCall, EngineResponse } from '#engines';
import type { AnsweringSession } from '../completion.handler.js';

export const STREAM = { 'content-type': 'text/event-stream' };

/** An engine that answers when it is told to. */
export class ScriptedSession implements AnsweringSession {
  readonly body = new PassThrough();
  headers: Record<string, string> = STREAM;
  status = 200;
  death: string | undefined;
  failure: Error | undefined;
  asked: { body: string; delivered?: string; onBytes?: () => void } | undefined;
  aloneAsked = 0;
  /** Answers that the engine is to give now. */
  owed = 0;
  /** Rejects whoever asks to run alone. */
  refusesTurns: Error | undefined;
  turnsEnded = 0;
  private markBegun!: () => void;
  private readonly begun = new Promise<void>((resolve) => (this.markBegun = resolve));

  readonly call = (call: EngineCall): Promise<EngineResponse> => this.take(call);
  readonly resume = (call: EngineCall, delivered: Buffer): Promise<EngineResponse> =>
    this.take(call, delivered.toString());
  readonly owes = (): (() => void) => {
    this.owed++;
    return () => void this.owed--;
  };
  /** What an obituary waits for. */
  news: Promise<void> = Promise.resolve();
  readonly obituary = async (): Promise<string | undefined> => {
    await this.news;
    return this.death;
  };
  readonly alone = async (): Promise<() => void> => {
    this.aloneAsked++;
    if (this.refusesTurns !== undefined) throw this.refusesTurns;
    return () => void this.turnsEnded++;
  };

  /** The answer begins. */
  begin(): void {
    this.markBegun();
  }

  die(): void {
    this.death = 'The engine was killed with SIGKILL.';
    this.body.destroy(new Error('aborted'));
  }

  private async take({ body, signal, onBytes }: EngineCall, delivered?: string): Promise<EngineResponse> {
    this.asked = {
      body: String(body),
      ...(delivered === undefined ? {} : { delivered }),
      ...(onBytes && { onBytes }),
    };
    signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    );
    await Promise.race([this.begun, aborted]);
    signal.addEventListener('abort', () => this.body.destroy(signal.reason as Error));
    return { status: this.status, headers: this.headers, body: this.body };
  }
}

