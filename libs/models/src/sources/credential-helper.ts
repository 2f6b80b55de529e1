import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isRecord } from '../formats/json.js';
import type { RegistryCredentials } from './registry-credentials.js';

/** A credential helper that cannot be used. The message is a sentence for the operator, without secrets. */
export class HelperFailure extends Error {
  override readonly name = 'HelperFailure';
}

export interface AskHelper {
  /** `pass` for the program `docker-credential-pass`. */
  readonly helper: string;
  /** What the helper knows the registry by. */
  readonly server: string;
  /** ms after which the program is ended. */
  readonly timeout: number;
}

const NAME = /^[\w.-]+$/;
const ANSWER_LIMIT = 64 * 1024;
const IDENTITY_TOKEN_USER = '<token>';
/** What helpers print when they have nothing for a server, which is no failure. */
const NOTHING_KNOWN = /credentials not found|no credentials/i;

/**
 * Asks a Docker credential helper on the PATH for the credentials of one registry. The program is gone on return.
 * @returns undefined when it knows none.
 * @throws HelperFailure
 */
export async function askCredentialHelper(ask: AskHelper): Promise<RegistryCredentials | undefined> {
  const { helper, server, timeout } = ask;
  if (!NAME.test(helper)) throw new HelperFailure(`"${helper}" is no name of a credential helper.`);
  const program = `docker-credential-${helper}`;
  // In a group of its own, so that what it starts ends with it.
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const state = { late: false };
  const timer = setTimeout(() => {
    state.late = true;
    if (child.pid !== undefined) endGroup(child.pid);
  }, timeout);
  let answer = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (answer.length < ANSWER_LIMIT) answer += text;
  });
  // A program that does not read its input is no failure of ours.
  child.stdin.on('error', () => undefined).end(server);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (state.late) throw new HelperFailure(`${program} did not answer within ${timeout / 1000} s.`);
    if (code === 0) return readAnswer(answer, program);
    if (NOTHING_KNOWN.test(answer)) return undefined;
    throw new HelperFailure(`${program} failed with status ${code ?? 'unknown'}.`);
  } catch (error) {
    if (error instanceof HelperFailure) throw error;
    throw new HelperFailure(`${program} cannot be run; is it installed and on the PATH?`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself just now.
  }
}

function readAnswer(text: string, program: string): RegistryCredentials | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const { Username: username, Secret: secret } = isRecord(document) ? document : {};
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new HelperFailure(`${program} gave an answer that cannot be read.`);
  }
  if (secret === '') return undefined;
  return username === IDENTITY_TOKEN_USER ? { identityToken: secret } : { username, password: secret };
}
