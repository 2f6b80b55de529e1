import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from '../completions/completions.js';
import type { Whereabouts } from '../completions/whereabouts.js';
import { Account } from './keys/account.js';
import type { MediaAddresses } from './media/media-addresses.js';

/**
 * The cluster as all dialects are given it: no call reaches an engine unchecked, and every answer is put down to the key
 * that it was made for, whatever became of the request since.
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
      const looking = this.media.check(request.body, signal);
      if (looking !== undefined) return looking.then(() => this.pass(request, signal));
    } catch (error) {
      return Promise.reject(error);
    }
    return this.pass(request, signal);
  }

  private pass(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse> {
    const account = Account.current();
    if (account === undefined) return this.cluster.run(request, signal);
    const { onAccepted, resumption } = request;
    const repeatable = resumption?.resumable === true;
    const noted = (accepted: AcceptedCompletion): void => {
      account.own(accepted.requestId);
      onAccepted?.(accepted);
    };
    return this.cluster.run({ ...request, onAccepted: noted }, signal).then(({ body, ...head }) => {
      const requestId = repeatable ? head.headers['x-longshore-request'] : undefined;
      return { ...head, body: account.measure(body, requestId) };
    });
  }

  override letAllGo(): void {
    this.cluster.letAllGo();
  }

  override locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]> {
    return this.cluster.locate(requests);
  }
}
