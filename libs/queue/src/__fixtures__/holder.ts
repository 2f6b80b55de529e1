import { Names } from '#contracts';
import { RedisConnections } from '#redis';
import { HandBack, QueuePump } from '../index.js';

/** What a holder tells its parent. */
export type HolderEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'begun' | 'lost'; readonly id: string; readonly attempt: number };

/** What its parent tells a holder to do with all it holds. */
export type HolderOrder = 'finish' | 'hand-back' | 'blame';

/** Takes jobs and holds them until it is told what to do with them. */
export async function hold(url: string, namespace: string, queue: string, slots: string): Promise<void> {
  const connections = new RedisConnections({ url, name: 'holder' });
  const redis = connections.patient('commands');
  await connections.ready();
  const tell = (event: HolderEvent): void => void process.send?.(event);
  const held = new Set<(order: HolderOrder) => void>();
  const pump = new QueuePump({
    queue,
    names: new Names(namespace),
    redis,
    workerId: `holder-${process.pid}`,
    slots: Number(slots),
    onError: () => undefined,
    run: async (job) => {
      const { id, attempt } = job;
      const order = await new Promise<HolderOrder | undefined>((resolve) => {
        held.add(resolve);
        job.onLockLost = () => {
          tell({ kind: 'lost', id, attempt });
          resolve(undefined);
        };
        tell({ kind: 'begun', id, attempt });
      });
      if (order === 'hand-back' || order === 'blame') throw new HandBack({ blame: order === 'blame' });
    },
  });
  process.on('message', (order: HolderOrder) => {
    for (const resolve of held) resolve(order);
    held.clear();
  });
  process.on('disconnect', () => process.exit());
  pump.start();
  tell({ kind: 'ready' });
}
