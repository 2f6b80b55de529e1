import type { CatalogueModel, EngineName, Mode, SessionAnnouncement, WorkerAnnouncement } from '#contracts';
import { namesIn } from './encode-configuration.js';
import { formatKeepAlive } from './go-duration.js';

/** A model in the engines of the cluster, in the words existing clients read. */
export interface RunningModel {
  readonly backend_name: EngineName;
  readonly model_name: string;
  readonly mode: Mode;
  readonly last_used: string;
  readonly in_use?: true;
  readonly loading?: true;
  readonly keep_alive?: string;
  /** Tokens of one request at most, on the worker that gives it least; less than what is configured where memory is short. */
  readonly context_size?: number;
  /** Ids of the workers that have it. */
  readonly workers: readonly string[];
}

/** What Go prints of a time that never was. */
const NEVER = '0001-01-01T00:00:00Z';

interface HeldSession {
  readonly workerId: string;
  readonly session: SessionAnnouncement;
}

/** One entry for each model, mode and engine, however many workers have it, in the order of names. */
export function runningModels(
  workers: readonly WorkerAnnouncement[],
  models: readonly CatalogueModel[],
): readonly RunningModel[] {
  const nameOf = namesIn(models);
  const groups = new Map<string, HeldSession[]>();
  for (const { workerId, sessions } of workers) {
    for (const session of sessions) {
      if (session.state === 'draining' && session.busy === 0) continue;
      const key = [session.engine, session.modelId, session.mode].join(' ');
      groups.set(key, [...(groups.get(key) ?? []), { workerId, session }]);
    }
  }
  return [...groups.values()]
    .flatMap((held) => describe(held, nameOf))
    .sort((a, b) => (a.model_name + a.mode < b.model_name + b.mode ? -1 : 1));
}

function describe(held: readonly HeldSession[], nameOf: (modelId: string) => string): RunningModel[] {
  const sessions = held.map(({ session }) => session);
  const [first] = sessions;
  if (first === undefined) return [];
  const lastUsed = Math.max(...sessions.map((session) => session.lastUsed));
  const keepAlives = sessions.flatMap(({ keepAlive }) => keepAlive ?? []);
  const contexts = sessions.flatMap(({ contextSize }) => contextSize ?? []);
  const longest = keepAlives.includes(-1) ? -1 : Math.max(...keepAlives);
  return [
    {
      backend_name: first.engine,
      model_name:
        sessions.find(({ reference }) => reference !== undefined)?.reference ?? nameOf(first.modelId),
      mode: first.mode,
      last_used: lastUsed === 0 ? NEVER : new Date(lastUsed).toISOString(),
      ...(sessions.some(({ busy }) => busy > 0) ? { in_use: true } : {}),
      ...(sessions.every(({ state }) => state === 'loading') ? { loading: true } : {}),
      ...(keepAlives.length > 0 ? { keep_alive: formatKeepAlive(longest) } : {}),
      ...(contexts.length > 0 ? { context_size: Math.min(...contexts) } : {}),
      workers: held.map(({ workerId }) => workerId).sort(),
    },
  ];
}
