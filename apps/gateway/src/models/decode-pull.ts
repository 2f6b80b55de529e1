import {
  checkContract,
  ContractViolation,
  InvalidReference,
  parseModelReference,
  PullJob,
  PullRequest,
} from '#contracts';
import { RouteFailure } from '../http/failure.js';

/** Body of `POST /models/create` to a pull. @throws RouteFailure 400 that says what is wrong with it. */
export function decodePull(body: unknown, defaultRegistry: string): PullJob {
  const request = parseRequest(body);
  const token = request['bearer-token'];
  return checkContract(PullJob, {
    version: 1,
    reference: referenceOf(request.from, defaultRegistry),
    ...(token ? { bearerToken: token } : {}),
  });
}

function parseRequest(body: unknown): PullRequest {
  try {
    return checkContract(PullRequest, JSON.parse(typeof body === 'string' ? body : ''));
  } catch (error) {
    const problem =
      error instanceof ContractViolation ? error.problems.join('; ') : 'it is not a JSON object';
    throw new RouteFailure(400, `invalid request body: ${problem}`);
  }
}

/** The full reference a client's text means. @throws RouteFailure 400 that says what is wrong with it. */
export function referenceOf(text: string, defaultRegistry: string): string {
  try {
    return parseModelReference(text, defaultRegistry).name;
  } catch (error) {
    if (!(error instanceof InvalidReference)) throw error;
    throw new RouteFailure(400, `Invalid model reference: ${error.message}`);
  }
}
