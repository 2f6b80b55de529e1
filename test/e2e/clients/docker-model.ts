import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { CACHE, dieWithParent, makeTemporaryFolder, type TemporaryFolder } from '#testing';

/** What the program did. */
export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** All that it has printed, on both of its outputs: it prints most of its results where others print errors. */
  readonly output: string;
}

/** The program while it runs. */
export interface Running {
  /** What it has printed so far. */
  output(): string;
  /** Types on its standard input. */
  type(text: string): void;
  signal(signal: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
}

/** The real `docker model` command, told to use one gateway. */
export interface DockerModel {
  /** Runs it to its end. */
  readonly run: (...args: readonly string[]) => Promise<Finished>;
  /** @param input on its standard input, which ends with it */
  readonly pipe: (input: string, ...args: readonly string[]) => Promise<Finished>;
  /** Without a standard input. */
  readonly start: (...args: readonly string[]) => Running;
  /** On a terminal of its own; what is typed there are keys. */
  readonly terminal: (...args: readonly string[]) => Running;
  /** A file in its folder, which is removed in the end. */
  readonly path: (name: string) => string;
}

const PROGRAM = findDockerModel();
if (PROGRAM === undefined)
  console.warn('There is no docker-model ("npm test" builds one where Go is), so its tests are SKIPPED.');

/** The tests of the real command: skipped where it is not there. */
export const describeDockerModel = PROGRAM === undefined ? describe.skip : describe;

/** DOCKER_MODEL_PATH, else what `npm test` has built. */
function findDockerModel(): string | undefined {
  const configured = process.env['DOCKER_MODEL_PATH'];
  if (configured) return configured;
  const built = join(CACHE, 'docker-model', 'current', 'docker-model');
  return existsSync(built) ? built : undefined;
}

/** @param host of the gateway, such as `http://127.0.0.1:8080`; asked at each start */
export function useDockerModel(host: () => string, variables: NodeJS.ProcessEnv = {}): DockerModel {
  let home: TemporaryFolder | undefined;
  const living = new Set<ChildProcess>();
  beforeAll(async () => {
    home = await makeTemporaryFolder('docker-model');
  });
  afterAll(async () => {
    for (const child of living) child.kill('SIGKILL');
    await home?.remove();
  });
  const path = (name: string): string => join(home?.path ?? '', name);
  const start = (command: readonly string[], input: string | undefined): Running => {
    const [file = '', ...args] = [...dieWithParent(), ...command];
    const env = {
      PATH: process.env['PATH'],
      HOME: path(''),
      DOCKER_CONFIG: path('config'),
      MODELS_PATH: path('models'),
      MODEL_RUNNER_HOST: host(),
      TERM: 'xterm',
      ...variables,
    };
    const child = spawn(file, args, { env, cwd: path(''), stdio: ['pipe', 'pipe', 'pipe'] });
    living.add(child);
    child.once('close', () => living.delete(child));
    if (input !== undefined) child.stdin.end(input);
    return watch(child);
  };
  const program = PROGRAM ?? '';
  return {
    run: (...args) => start([program, ...args], '').finished,
    pipe: (input, ...args) => start([program, ...args], input).finished,
    start: (...args) => start([program, ...args], ''),
    terminal: (...args) => start(['python3', '-c', TERMINAL, program, ...args], undefined),
    path,
  };
}

/** Rows of a table that it printed, each as its cells. */
export const rowsOf = ({ output }: Finished): string[][] =>
  output
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s{2,}/));

/** @throws Error with what it printed when it did not end well */
export function succeeded({ code, output }: Finished): string {
  if (code !== 0) throw new Error(`docker-model ended with code ${code}: ${output}`);
  return output;
}

function watch(child: ReturnType<typeof spawn>): Running {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin?.on('error', () => undefined);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
  return {
    output: () => output,
    type: (text) => void child.stdin?.write(text),
    signal: (signal) => void child.kill(signal),
    finished,
  };
}

/** Runs a program on a terminal of 50 lines and 200 columns between our pipes, and ends as it does. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios, threading
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 200, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
def keys():
    while True:
        typed = os.read(0, 65536)
        if not typed:
            return
        os.write(terminal, typed)
threading.Thread(target=keys, daemon=True).start()
while True:
    try:
        printed = os.read(terminal, 65536)
    except OSError:
        break
    if not printed:
        break
    os.write(1, printed)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;
