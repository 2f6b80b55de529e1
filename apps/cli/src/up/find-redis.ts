import { findProgram } from './find-program.js';
import { installRedis, planRedisInstallation } from './install-redis.js';
import { LaunchProblem } from './launch-problem.js';

const PROGRAMS = ['redis-server', 'valkey-server'] as const;

export interface RedisSearch {
  readonly path: string;
  /** Install without asking. */
  readonly install: boolean;
  /** Asks a yes-or-no question; absent where nobody can answer. */
  readonly ask?: (question: string) => Promise<boolean>;
  readonly say: (line: string) => void;
}

/**
 * Path of a Redis or Valkey server, installed first when there is none and that is allowed.
 * @throws LaunchProblem that says how to get one
 */
export async function findRedis(search: RedisSearch): Promise<string> {
  const present = locate(search.path);
  if (present) return present;
  const plan = planRedisInstallation(
    (name) => findProgram(name, search.path) !== undefined,
    process.getuid?.() === 0,
  );
  const advice = `Longshore needs Redis and found neither redis-server nor valkey-server. ${plan ? `Install it with: ${plan.display}` : 'Install one of them'}, or name a running one in LONGSHORE_REDIS_URL.`;
  if (!plan) throw new LaunchProblem(advice);
  const allowed = search.install || (await search.ask?.(`Redis is missing. Run "${plan.display}" now?`));
  if (!allowed) {
    throw new LaunchProblem(
      search.ask ? advice : `${advice} LONGSHORE_INSTALL=yes installs it without asking.`,
    );
  }
  search.say(`Installing Redis: ${plan.display}`);
  await installRedis(plan);
  const installed = locate(search.path);
  if (!installed)
    throw new LaunchProblem(`"${plan.display}" ended well, but there is still no redis-server on the PATH.`);
  return installed;
}

function locate(path: string): string | undefined {
  for (const program of PROGRAMS) {
    const found = findProgram(program, path);
    if (found) return found;
  }
  return undefined;
}
