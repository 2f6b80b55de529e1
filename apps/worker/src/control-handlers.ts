import type { ControlHandlers } from '#cluster';
import type { FramePublisher } from '#streaming';
import type { LiveRequests } from './jobs/live-requests.js';
import type { ModelPullHandler } from './jobs/pull.handler.js';
import type { ModelLibrary } from './residency/model-library.js';
import type { ModelResidency } from './residency/model-residency.js';
import type { Rollout } from './residency/rollout.js';

export interface ControlParts {
  readonly live: LiveRequests;
  readonly publisher: FramePublisher;
  readonly library: ModelLibrary;
  readonly pulls: ModelPullHandler;
  readonly residency: ModelResidency;
  readonly rollout: Rollout;
  /** What this worker holds has changed. */
  readonly onChange: () => void;
  /** Something could not be done; for the log. */
  readonly complain: (error: unknown) => void;
}

/** What a worker does when a gateway tells it something. */
export function controlHandlers(parts: ControlParts): ControlHandlers {
  const { live, publisher, library, pulls, residency, rollout, complain } = parts;
  const attempt = (task: () => Promise<void>): void => void task().catch(complain);
  return {
    cancel: ({ requestId }) => live.cancel(requestId ?? ''),
    pause: ({ requestId }) => live.pause(requestId ?? ''),
    resume: ({ requestId }) => live.resume(requestId ?? ''),
    replay: ({ requestId, attempt: of, sequence }) =>
      void publisher.replay(requestId ?? '', of ?? 0, sequence ?? 0),
    'delete-model': ({ reference }) => attempt(() => deleteModel(parts, reference ?? '')),
    'tag-model': ({ reference, modelId }) => attempt(() => library.tag(modelId ?? '', reference ?? '')),
    'cancel-pull': ({ reference }) => pulls.cancel(reference ?? ''),
    'purge-models': () => attempt(() => purgeModels(parts)),
    unload: ({ modelId, mode, engine }) => attempt(() => residency.unloadIdle({ modelId, mode, engine })),
    configure: ({ modelId, mode }) => attempt(() => rollout.apply(modelId ?? '', mode)),
  };
}

async function purgeModels({ library, residency, onChange }: ControlParts): Promise<void> {
  await Promise.all((await library.purge()).map((id) => residency.forget(id)));
  onChange();
}

async function deleteModel({ library, residency, onChange }: ControlParts, reference: string): Promise<void> {
  const gone = await library.delete(reference);
  const id = gone ?? (reference.startsWith('sha256:') ? reference : undefined);
  if (id !== undefined) await residency.forget(id);
  onChange();
}
