import { execFile, type ExecFileException } from 'node:child_process';
import { EngineStartError } from '../engine.js';

/** An engine's whole help is some hundred KB. */
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

export interface ProgramQuestion {
  readonly program: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The program is killed when it has not ended by then; ms. */
  readonly limitMs: number;
  /** A sentence about why it did not answer. */
  readonly explain: (error: ExecFileException, stderr: string) => string;
}

/** What a program prints that tells about itself and ends. @throws EngineStartError */
export function askProgram(
  question: ProgramQuestion,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { program, words, environment, limitMs, explain } = question;
  // Wide enough that no line is broken within a flag or a list.
  const env = { ...environment, COLUMNS: '10000' };
  const options = { env, timeout: limitMs, maxBuffer: OUTPUT_LIMIT_BYTES, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new EngineStartError(explain(error, stderr)));
    });
  });
}
