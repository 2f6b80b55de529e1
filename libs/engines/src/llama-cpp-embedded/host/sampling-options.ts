import {
  LlamaGrammarEvaluationState,
  TokenBias,
  type LlamaModel,
  type SequenceEvaluateOptions,
  type Token,
} from 'node-llama-cpp';
import { checkTokens } from './prompt-tokens.js';
import { badRequest } from './request-error.js';
import { penalisedTokens, type LogitBias, type SamplingParameters } from './sampling-parameters.js';

export interface SamplingRequest {
  readonly sampling: SamplingParameters;
  /** GBNF. */
  readonly grammar: string | undefined;
  /** Prompt and answer so far; the generation adds to it. */
  readonly tokens: readonly Token[];
  readonly seed: number;
}

/**
 * The library's options for one answer. The token that ends an answer is given out, too.
 * @throws RequestError for a bias or a grammar that the model cannot take.
 */
export async function samplingOptions(
  model: LlamaModel,
  request: SamplingRequest,
): Promise<SequenceEvaluateOptions> {
  const { sampling, grammar } = request;
  const { temperature, topK, topP, minP } = sampling;
  const options: SequenceEvaluateOptions = {
    temperature,
    topK,
    topP,
    minP,
    seed: request.seed,
    yieldEogToken: true,
  };
  const { repeatPenalty, frequencyPenalty, presencePenalty, repeatLastTokens } = sampling;
  if (repeatPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0)
    options.repeatPenalty = {
      penalty: repeatPenalty,
      frequencyPenalty,
      presencePenalty,
      punishTokens: () => [...penalisedTokens(request.tokens, repeatLastTokens)] as Token[],
      maxPunishTokens: repeatLastTokens < 0 ? request.tokens.length : repeatLastTokens,
    };
  if (sampling.dry !== undefined)
    options.dryRepeatPenalty = { ...sampling.dry, sequenceBreakers: [...sampling.dry.sequenceBreakers] };
  if (sampling.xtc !== undefined) options.xtc = sampling.xtc;
  if (sampling.logitBias.length > 0) options.tokenBias = tokenBias(model, sampling.logitBias);
  if (grammar !== undefined) options.grammarEvaluationState = await grammarState(model, grammar);
  return options;
}

function tokenBias(model: LlamaModel, entries: readonly LogitBias[]): TokenBias {
  const result = TokenBias.for(model);
  for (const { of, bias } of entries) {
    const tokens = typeof of === 'number' ? checkTokens(model, [of]) : model.tokenize(of, true);
    for (const token of tokens) {
      if (model.isEogToken(token))
        throw badRequest(
          `'logit_bias' names token ${token}, which ends an answer; the embedded engine cannot change its bias.`,
        );
      result.set(token, { logit: bias });
    }
  }
  return result;
}

async function grammarState(model: LlamaModel, grammar: string): Promise<LlamaGrammarEvaluationState> {
  try {
    return new LlamaGrammarEvaluationState({ model, grammar: await model.llama.createGrammar({ grammar }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badRequest(`'grammar' is not valid GBNF: ${reason}`);
  }
}
