import { spawn, spawnSync } from 'node:child_process';
import { findProgram } from '../setup/find-program.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const TIE = ['setpriv', '--pdeathsig', 'KILL', '--'];

/**
 * Runs one set-up command in `cwd` and resolves when it has ended well. Its output is kept back and becomes part of
 * the error when it fails. The command never reads from the terminal. One that `mayBeKilled` anywhere ends before a
 * signal ends us, and on Linux also when we are killed with SIGKILL; npm alone would go on for a while, in the way of
 * the next start.
 */
export async function runStep({ command, args, cwd, failure, env = process.env, mayBeKilled = false }) {
  const [program, ...rest] = [...(mayBeKilled && canTie(command) ? TIE : []), command, ...args];
  const child = spawn(program, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const release = mayBeKilled ? endBeforeUs(child) : () => {};
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const end = await new Promise((resolve) => {
    child.once('error', (error) => resolve({ why: error.message }));
    child.once('close', (code, signal) => resolve(code === 0 ? {} : { why: signal ?? `exit code ${code}` }));
  });
  release();
  if (end.why === undefined) return;
  const text = Buffer.concat(output).toString('utf8').trimEnd();
  throw new Error([`${failure} (${end.why}).`, text].filter(Boolean).join('\n'));
}

/**
 * Not every setpriv can do it: that of BusyBox cannot. The launcher asks this once more for its Redis, in
 * `redis-process.ts`: what is compiled imports no script, and this runs before anything is compiled.
 */
function canTie(command) {
  const [program, ...args] = TIE;
  return findProgram(command) !== undefined && spawnSync(program, [...args, 'true']).status === 0;
}

/** Kills `child` when a signal comes, and gives the signal its usual effect on us then. */
function endBeforeUs(child) {
  const release = () => SIGNALS.forEach((signal) => process.off(signal, onSignal));
  const onSignal = (signal) => {
    const die = () => {
      release();
      process.kill(process.pid, signal);
    };
    if (child.exitCode !== null || child.signalCode !== null) return die();
    child.once('exit', die);
    child.kill('SIGKILL');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return release;
}
