import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { LaunchProblem } from './launch-problem.js';

export interface InstallationPlan {
  readonly commands: readonly (readonly string[])[];
  /** The commands as a person would type them. */
  readonly display: string;
}

const MANAGERS = [
  {
    program: 'apt-get',
    root: true,
    commands: [
      ['apt-get', 'update'],
      ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'],
    ],
  },
  { program: 'dnf', root: true, commands: [['dnf', 'install', '-y', 'valkey']] },
  { program: 'brew', root: false, commands: [['brew', 'install', 'redis']] },
] as const;

/** The commands that install Redis here; undefined without a package manager we know, or without a way to be root. */
export function planRedisInstallation(
  has: (program: string) => boolean,
  isRoot: boolean,
): InstallationPlan | undefined {
  const manager = MANAGERS.find(({ program }) => has(program));
  if (!manager) return undefined;
  const needsSudo = manager.root && !isRoot;
  if (needsSudo && !has('sudo')) return undefined;
  const commands = manager.commands.map((command) => (needsSudo ? ['sudo', ...command] : [...command]));
  return { commands, display: commands.map((command) => command.join(' ')).join(' && ') };
}

/** @throws LaunchProblem when a command fails */
export async function installRedis(plan: InstallationPlan): Promise<void> {
  for (const [command = '', ...args] of plan.commands) {
    const child = spawn(command, args, { stdio: 'inherit' });
    const [code, signal] = (await once(child, 'exit').catch((error: Error) => [error.message])) as [
      unknown,
      unknown,
    ];
    if (code !== 0) {
      throw new LaunchProblem(
        `"${[command, ...args].join(' ')}" failed (${String(code ?? signal)}); Redis is not installed.`,
      );
    }
  }
}
