import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from '../completions/completions.js';
import type { Whereabouts } from '../completions/whereabouts.js';
import { TokenMeter } from './keys/token-meter.js';
import type { MediaAddresses } from './media/media-addresses.js';

/**
 * The cluster as all dialects are given it: no call reaches an engine unchecked, and what an answer costs is charged,
 * whatever became of the request since.
 */
export class CheckedCompletions extends Completions {
  constructor(
    private readonly cluster: Completions,
    private readonly media: MediaAddresses,
  ) {
    super();
  }

  /** Not `async`: that would hold on to the body until there is an answer. */
  override run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse> {
    try {
      this.media.check(request.body);
    } catch (error) {
      return Promise.reject(error);
    }
    const answer = this.cluster.run(request, signal);
    const meter = TokenMeter.current();
    if (meter === undefined) return answer;
    return answer.then((response) => ({ ...response, body: meter.measure(response.body) }));
  }

  override letAllGo(): void {
    this.cluster.letAllGo();
  }

  override locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]> {
    return this.cluster.locate(requests);
  }
}
