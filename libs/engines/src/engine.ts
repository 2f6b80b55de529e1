import type { EngineName, Mode, ModelFormat } from '#contracts';
import type { Endpoint } from './endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from './engine-client.js';
import { replay } from './going-on/replay.js';
import type { LifeSign } from './life-sign.js';
import type { ProcessPulse } from './process/process-pulse.js';

/** A model's files on this machine. All paths are absolute; the caller keeps them in place while a session runs. */
export interface ModelFiles {
  readonly format: ModelFormat;
  /** First file of the weights; of safetensors beside `config.json` and the tokenizer; of `remote` the name over there. */
  readonly weights: string;
  /** Multimodal projector. */
  readonly projector?: string;
  /** A Jinja file that replaces the template inside the weights. */
  readonly chatTemplate?: string;
}

/** A small model that proposes tokens for the other to check. */
export interface DraftModel {
  readonly files: ModelFiles;
  /** Tokens to propose at once; absent = the engine's own number. */
  readonly tokens?: number;
  /** 0 to 1; absent = the engine's own. */
  readonly minimumAcceptance?: number;
}

/** What the model's configuration adds for the engine. Members an engine has no use for are refused or ignored by it. */
export interface EngineSettings {
  /** Runtime flags, checked against the allow-list of the engine; they win over what the adapter chooses. */
  readonly flags?: readonly string[];
  readonly draft?: DraftModel;
  /** Tokens of reasoning, of llama.cpp: -1 = any number. */
  readonly reasoningBudget?: number;
  /** Of vLLM: above 0, to 1. */
  readonly gpuMemoryUtilization?: number;
  /** Of vLLM. */
  readonly hfOverrides?: Readonly<Record<string, unknown>>;
}

/** What to load and how. Plain data: the same spec started twice gives two equal sessions. */
export interface SessionSpec {
  /** What the engine answers as `model`. */
  readonly servedName: string;
  readonly mode: Mode;
  readonly files: ModelFiles;
  /** Tokens a slot can hold, prompt and answer together; absent = the model's own limit. */
  readonly contextSize?: number;
  /** Requests to run at once, at least 1. */
  readonly slots: number;
  /** CPU threads to compute with, at least 1. */
  readonly threads: number;
  readonly settings?: EngineSettings;
  /**
   * Where sockets go. The caller creates it and removes it, and keeps it short: a socket path may have 100 bytes.
   * Several sessions may share it.
   */
  readonly runDirectory: string;
  /** Takes each line the engine prints, without its line feed. Must not throw. */
  readonly log: (line: string) => void;
}

/** What an installed engine is and can do. */
export interface EngineProbe {
  /** As the program itself tells it. */
  readonly version: string;
  readonly formats: readonly ModelFormat[];
  readonly modes: readonly Mode[];
  /** Requests a session should run at once when nobody says how many; absent = a handful. */
  readonly usualSlots?: number;
}

/** How a session's process ended. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** One sentence for people, made of what the engine printed last. Says `stopped` when it was asked to. */
  readonly reason: string;
  /** True when it ended while it loaded its model, because memory did not suffice. */
  readonly outOfMemory?: boolean;
}

/**
 * A program that generates, installed on this machine. One object serves the whole life of a worker; `start` may be
 * called any number of times, also at the same time, and each call makes a process of its own. Nothing here holds a
 * model in our own process, so no model file, however broken, can end it.
 */
export abstract class Engine {
  abstract readonly name: EngineName;

  /** Which program stands behind the name, for people: `llama-server` or `embedded`. */
  abstract readonly driver: string;

  /**
   * Asks the installed program. The answer is remembered, so asking again is free.
   * @throws EngineStartError when the program is missing or does not run here.
   */
  abstract probe(): Promise<EngineProbe>;

  /**
   * Loads a model. Returns once the session answers requests, which can take minutes.
   *
   * There is no time limit but one that grows with the size of the weights; `signal` is the way to give up earlier.
   * @throws EngineStartError with a sentence when the model cannot be loaded. The process and its socket file are gone
   *   by then.
   * @throws the signal's reason after an abort, again with process and socket file gone.
   */
  abstract start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession>;
}

/**
 * One engine process with one model, loaded in one mode; or one model of a server that somebody else runs. One-shot:
 * once it has exited, for whatever reason, it never answers again; start another. Its process dies with ours, also when
 * ours is killed with SIGKILL. A server of somebody else is attached to and left as it is: its "exit" is that it is out
 * of reach, or that `stop` was called.
 */
export abstract class EngineSession {
  /** Requests it runs at once. More wait inside the engine, so send at most this many. */
  abstract readonly slots: number;

  /** Where a process of ours answers, `GET /health` there says 200 for as long as the session lives. */
  abstract readonly endpoint: Endpoint;

  /** The engine's process id, for people and for tests; -1 where there is no process of ours. */
  abstract readonly pid: number;

  /** Resolves when the process is gone, within milliseconds of its end; the socket file is gone too. Never rejects. */
  abstract readonly exited: Promise<EngineExit>;

  /**
   * Sends one request. Resolves when the answer begins; any status is an answer. An abort frees the slot as soon as the
   * engine has done the token or the piece of the prompt it is at, whether or not the answer is a stream. A driver
   * whose engine does not see a closed connection in time overrides this.
   * @throws EngineConnectionError
   * @throws the signal's reason after an abort
   */
  call(call: EngineCall): Promise<EngineResponse> {
    return callEngine(this.endpoint, call);
  }

  /**
   * Goes on with a streamed answer that broke off, here or on another session of the same model. `delivered` is what
   * the caller has of it: whole events. The returned body holds exactly what must follow them, again whole events: with
   * the same id, no second role, usage and `[DONE]` once. `call` is the request that was answered, with the seed it
   * was answered with (see `pinSeed`). Hang-ups are as for `call`. A status other than 200 is the engine's refusal.
   * This one asks once more from the start; a driver that can start in the middle overrides it.
   * @throws CannotContinue when the two would not make one answer; also the body may end with it as its `error`
   * @throws EngineConnectionError
   * @throws the signal's reason after an abort
   */
  resume(call: EngineCall, delivered: Buffer): Promise<EngineResponse> {
    return replay((again) => this.call(again), call, delivered);
  }

  /**
   * Asks the engine whether it works, in a way that what makes its answers has to answer where there is one. That can
   * take as long as a piece of a prompt takes. A server of somebody else is not asked. Never rejects.
   */
  lifeSign(_signal: AbortSignal): Promise<LifeSign> {
    return Promise.resolve('silent');
  }

  /** What the system tells of the process; undefined when nothing, and where there is no process of ours. */
  pulse(): Promise<ProcessPulse | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * Kills a process that is stuck, with all it has started. To others it has ended by itself, and `why`, a sentence, is
   * the reason of its exit. Does nothing where there is no process of ours.
   */
  kill(_why: string): void {}

  /**
   * Ends the process: asks it first, kills it after `graceMs`. Requests in flight are broken off, so drain before.
   * Process and socket file are gone on return. May be called again, also after the exit; never rejects.
   */
  abstract stop(graceMs: number): Promise<void>;
}

export interface EngineStartErrorOptions extends ErrorOptions {
  /** The machine has not enough memory for it: with a smaller context, or with other models gone, it may start. */
  readonly outOfMemory?: boolean;
}

/** A session that could not be started, or an engine that is not there. The message is a sentence for the caller. */
export class EngineStartError extends Error {
  override readonly name = 'EngineStartError';
  readonly outOfMemory: boolean;

  constructor(message: string, { outOfMemory = false, ...options }: EngineStartErrorOptions = {}) {
    super(message, options);
    this.outOfMemory = outOfMemory;
  }
}
