import type { CatalogueModel, ModelConfig, SessionAnnouncement, WorkerAnnouncement } from '#contracts';
import type { JsonObject } from './fields.js';
import { usualContext } from './usual-context.js';

const MS_PER_SECOND = 1_000;

/** When a model goes that never goes, as Ollama prints it. */
const NEVER_GOES = '2318-01-01T00:00:00Z';
/** What Go prints of a time that never was. */
const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

/** How models are printed in `details`. */
export function encodeDetails(
  { format, architecture, parameters, quantization }: ModelConfig,
  parent = '',
): JsonObject {
  const family = architecture ?? '';
  return {
    parent_model: parent,
    format: format ?? '',
    family,
    families: family === '' ? [] : [family],
    parameter_size: (parameters ?? '').replace(/\s+/g, ''),
    quantization_level: quantization ?? '',
  };
}

/** `GET /api/tags`: one entry for each name of each model, and one for a model without a name. */
export function encodeTags(models: readonly CatalogueModel[]): JsonObject {
  const entries = models.flatMap((model) =>
    (model.tags.length > 0 ? model.tags : [model.id]).map((name) => ({
      name,
      model: name,
      modified_at: timeOf(model.created * MS_PER_SECOND),
      size: model.size,
      digest: digestOf(model),
      details: encodeDetails(model.config),
    })),
  );
  return { models: entries };
}

/** `GET /api/ps`: one entry for each model that is loaded, however many workers have it. */
export function encodeProcesses(
  workers: readonly WorkerAnnouncement[],
  models: readonly CatalogueModel[],
  now: number,
): JsonObject {
  const held = new Map<string, Held[]>();
  for (const worker of workers) {
    for (const session of worker.sessions) {
      if (session.state === 'draining' && session.busy === 0) continue;
      held.set(session.modelId, [...(held.get(session.modelId) ?? []), { worker, session }]);
    }
  }
  const known = new Map(models.map((model) => [model.id, model]));
  const entries = [...held].map(([id, sessions]) =>
    encodeProcess(id, { sessions, model: known.get(id), now }),
  );
  return { models: entries.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1)) };
}

interface Held {
  readonly worker: WorkerAnnouncement;
  readonly session: SessionAnnouncement;
}

interface Process {
  readonly sessions: readonly Held[];
  /** Undefined for one that was deleted while it was loaded. */
  readonly model: CatalogueModel | undefined;
  readonly now: number;
}

function encodeProcess(id: string, { sessions, model, now }: Process): JsonObject {
  const asked = sessions.find(({ session }) => session.reference !== undefined)?.session.reference;
  const name = asked ?? model?.tags[0] ?? id;
  const size = model?.size ?? 0;
  const accelerated = sessions.every(({ worker }) => (worker.accelerators ?? []).length > 0);
  const ends = sessions.map(({ session }) => endOf(session, now));
  const contexts = sessions.map(
    ({ session }) => session.contextSize ?? usualContext(model?.config ?? {}) ?? 0,
  );
  return {
    name,
    model: name,
    size,
    digest: id.replace(/^sha256:/, ''),
    details: encodeDetails(model?.config ?? {}),
    expires_at: ends.includes(undefined) ? UNKNOWN_TIME : endTime(Math.max(...ends.map((end) => end ?? 0))),
    size_vram: accelerated ? size : 0,
    context_length: Math.max(...contexts),
  };
}

/** When an idle session goes; ms since the epoch, Infinity = never, undefined = unknown. */
function endOf({ keepAlive, lastUsed, busy, state }: SessionAnnouncement, now: number): number | undefined {
  if (keepAlive === undefined) return undefined;
  if (keepAlive < 0) return Infinity;
  const since = busy > 0 || state === 'loading' || lastUsed === 0 ? now : lastUsed;
  return since + keepAlive;
}

function endTime(ms: number): string {
  return ms === Infinity ? NEVER_GOES : timeOf(ms);
}

/** Without `sha256:`, as Ollama prints digests; its command cuts the first twelve digits off. */
export function digestOf({ id }: CatalogueModel): string {
  return id.replace(/^sha256:/, '');
}

/** Times beyond what a date can be are the latest there is. */
export function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? NEVER_GOES : date.toISOString();
}
