import { spawn } from 'node:child_process';
import { findProgram } from './find-program.mjs';

/**
 * Runs a program with its output on ours and returns how it ended: its exit code, or one of 128 and above when a signal
 * ended it. It dies with us on Linux, also when we are killed with SIGKILL.
 */
export function runTied(command, cwd, env) {
  const tie = process.platform === 'linux' && findProgram('setpriv');
  const [program, ...args] = [...(tie ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []), ...command];
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const forward = (signal) => child.kill(signal);
  process.on('SIGTERM', forward).on('SIGINT', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
