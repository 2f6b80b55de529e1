import type { EngineRoute } from '#contracts';
import type { JsonObject } from './fields.js';

/** Which of two routes a call came by: their answers differ in shape. */
export type AnswerShape = 'chat' | 'generate';

/** What every call that needs a model says about the model. */
export interface ModelWishes {
  /** As the caller wrote it. */
  readonly model: string;
  /** ms; -1 = for ever, 0 = unload behind the answer. */
  readonly keepAlive?: number;
  /** Tokens that the model is to have room for. */
  readonly contextSize?: number;
}

/** A call of chat or generate, as the engines take it. */
export interface OllamaCall extends ModelWishes {
  readonly shape: AnswerShape;
  readonly route: EngineRoute;
  /** Absent: nothing is to be generated, the model is to be loaded or unloaded. */
  readonly body?: JsonObject;
  /** Whether the answer comes as lines, as it is made. */
  readonly streaming: boolean;
  /** Whether the answer tells what the model thought. */
  readonly thinking: boolean;
}

/** What the name of a model brings along for calls by that name. */
export interface CallDefaults {
  readonly parameters?: JsonObject;
  readonly system?: string;
  /** As Ollama writes them. */
  readonly messages?: readonly JsonObject[];
}
