import { SourceError } from '../source-error.js';

/** An answer of the Hub that is not the thing asked for. */
export interface HubRefusal {
  readonly status: number;
  /** `x-error-code`: `GatedRepo`, `RepoNotFound`, `RevisionNotFound`, `EntryNotFound` … */
  readonly code: string | undefined;
  /** `org/repo`, as the caller wrote it. */
  readonly repository: string;
  /** `https://huggingface.co/`; where people go to ask for access. */
  readonly endpoint: URL;
  /** True when the request carried a token. */
  readonly authorized: boolean;
}

/** What a refusal means for the caller, and what can be done about it. */
export function hubFailure(refusal: HubRefusal): SourceError {
  const { status, code, repository } = refusal;
  if (status === 401 || status === 403) return accessFailure(refusal);
  if (status !== 404) return new SourceError('failed', `Hugging Face answered ${status} for ${repository}.`);
  if (code === 'RevisionNotFound') return notFound(`${repository} has no such revision.`);
  if (code === 'EntryNotFound') return notFound(`${repository} does not have all the files it lists.`);
  return missing(refusal);
}

/** The sentence stands behind the words that clients look for. */
export function notFound(sentence: string): SourceError {
  return new SourceError('not-found', `Model not found: ${sentence}`);
}

function accessFailure(refusal: HubRefusal): SourceError {
  const { status, code, repository, endpoint, authorized } = refusal;
  const page = new URL(repository, endpoint).href;
  if (code === 'GatedRepo') {
    return authorized
      ? unauthorized(
          `${repository} is gated, and the account of this token has no access. Ask for it at ${page}.`,
        )
      : unauthorized(
          `${repository} is gated. Accept its conditions at ${page} and send a token of the same account with the pull.`,
        );
  }
  if (code === 'RepoNotFound') return missing(refusal);
  if (!authorized) return unauthorized(`${repository} needs a token of an account that may read it.`);
  return status === 401
    ? unauthorized('Hugging Face does not accept this token: it is wrong or has expired.')
    : unauthorized(
        `this token may not read ${repository}. See its permissions in the settings of the account.`,
      );
}

/** The Hub tells strangers the same of what is private and of what is not there. */
function missing({ repository, authorized }: HubRefusal): SourceError {
  return notFound(
    authorized
      ? `there is no ${repository} on Hugging Face that this token may see.`
      : `there is no ${repository} on Hugging Face, or it is private and needs a token.`,
  );
}

function unauthorized(sentence: string): SourceError {
  return new SourceError('unauthorized', `Unauthorized: ${sentence}`);
}
