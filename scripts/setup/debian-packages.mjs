import { spawnSync } from 'node:child_process';
import { runStep } from '../bootstrap/run-step.mjs';
import { findProgram } from './find-program.mjs';

/** Programs that the tests run, and the Debian package that brings each. */
export const TEST_PROGRAMS = { 'redis-server': 'redis-server', 'docker-registry': 'docker-registry' };

/**
 * How to get what is missing: nothing, the commands that install it, or only a sentence for people. `programs` maps
 * programs to packages; `has` tells whether a program is here; `root` is 'yes', 'sudo' (without a password) or 'no'.
 */
export function planPackages(programs, has, root) {
  const missing = Object.keys(programs).filter((program) => !has(program));
  if (missing.length === 0) return { commands: [] };
  const packages = [...new Set(missing.map((program) => programs[program]))];
  const names = missing.join(' and ');
  if (!has('apt-get')) {
    const verb = missing.length === 1 ? 'is' : 'are';
    return {
      sentence: `${names} ${verb} missing; the tests need ${missing.length === 1 ? 'it' : 'them'} on the PATH.`,
    };
  }
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  if (root === 'no') return { sentence: `The tests need ${names}; install with: sudo ${install.join(' ')}` };
  const prefix = root === 'sudo' ? ['sudo', '-n'] : [];
  return {
    missing: names,
    commands: [
      [...prefix, 'apt-get', 'update', '--quiet'],
      [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...install],
    ],
  };
}

/**
 * Installs what is missing where that needs no password.
 * @throws Error with a sentence that names what is missing and how to get it
 */
export async function ensurePrograms(root, programs, say) {
  const plan = planPackages(programs, (program) => findProgram(program) !== undefined, howToBeRoot());
  if (plan.sentence !== undefined) throw new Error(plan.sentence);
  if (plan.commands.length > 0) say(`Installing ${plan.missing}.`);
  for (const [command, ...args] of plan.commands) {
    const failure = `${plan.missing} could not be installed; "${[command, ...args].join(' ')}" failed`;
    await runStep({ command, args, cwd: root, failure });
  }
}

function howToBeRoot() {
  if (process.getuid?.() === 0) return 'yes';
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? 'sudo' : 'no';
}
