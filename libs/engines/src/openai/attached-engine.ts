import type { RemoteEndpoint } from '../endpoint.js';
import {
  Engine,
  EngineStartError,
  type EngineProbe,
  type EngineSession,
  type SessionSpec,
} from '../engine.js';
import { rememberSuccess } from '../remember-success.js';
import { attachedEndpoint, listModels } from './attached-server.js';
import { AttachedSession } from './attached-session.js';
import { Reachability, WATCH_TIMES, type WatchTimes } from './reachability.js';

/** Whoever runs the server has sized it for many. */
const SLOTS = 64;

export interface AttachedEngineOptions {
  /** `http:` or `https:`, with or without a path. */
  readonly url: string;
  /** Sent as a bearer token; never logged and never part of a message. */
  readonly key?: string | undefined;
  readonly watchTimes?: WatchTimes;
}

/**
 * An OpenAI-compatible server that somebody else runs. Its models are loaded as far as we are concerned: a session is
 * permission to ask for one of them, and nothing over there is started or ended.
 */
export class AttachedEngine extends Engine {
  readonly name = 'openai';
  readonly driver = 'attached';
  readonly #options: AttachedEngineOptions;
  #attached: { readonly endpoint: RemoteEndpoint; readonly reachability: Reachability } | undefined;
  readonly #probe = rememberSuccess(() => this.#ask());

  constructor(options: AttachedEngineOptions) {
    super();
    this.#options = options;
  }

  /** @throws EngineStartError also while the server is out of reach; it can be asked again. */
  probe(): Promise<EngineProbe> {
    return this.#probe();
  }

  /** The names of the models that the server has now. @throws EngineStartError */
  async remoteModels(): Promise<string[]> {
    const { models } = await listModels(this.#attach().endpoint);
    return [...models];
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    const { endpoint, reachability } = this.#attach();
    const { weights: model, format } = spec.files;
    if (format !== 'remote') {
      throw new EngineStartError(`A model in ${format} has files, which no attached server can be given.`);
    }
    const { models } = await listModels(endpoint);
    signal.throwIfAborted();
    if (!models.includes(model)) throw new EngineStartError(notThere(endpoint.url, model, models));
    return new AttachedSession({ slots: spec.slots, endpoint, model, reachability });
  }

  async #ask(): Promise<EngineProbe> {
    const { version } = await listModels(this.#attach().endpoint);
    return {
      version,
      usualSlots: SLOTS,
      formats: ['remote'],
      modes: ['completion', 'embedding', 'reranking'],
    };
  }

  /** @throws EngineStartError when the address cannot be used */
  #attach() {
    if (this.#attached !== undefined) return this.#attached;
    const endpoint = attachedEndpoint(this.#options);
    const reachability = new Reachability(endpoint, this.#options.watchTimes ?? WATCH_TIMES);
    this.#attached = { endpoint, reachability };
    return this.#attached;
  }
}

/** Names as many as help to see a slip of the pen. */
const NAMES_TOLD = 5;

function notThere(url: string, model: string, models: readonly string[]): string {
  const some = models.slice(0, NAMES_TOLD).join(', ');
  const rest = models.length > NAMES_TOLD ? ` and ${models.length - NAMES_TOLD} more` : '';
  const has = models.length === 0 ? 'it has none' : `it has ${some}${rest}`;
  return `The server at ${url} has no model ${model}; ${has}.`;
}
