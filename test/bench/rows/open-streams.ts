import { setTimeout as pause } from 'node:timers/promises';
import type { BenchCluster } from '../cluster/bench-cluster.js';
import { readMemory } from '../measure/probed-process.js';
import { residentMemory } from '../measure/process-cpu.js';
import { atMost, type Line } from '../report/line.js';
import type { Bench } from './bench.js';
import { syntheticChat } from './requests.js';

const STREAMS = 1_000;
const KIB = 1_024;
const TARGET_KIB = 8;
/** Sockets and buffers of the first streams are made once and kept, so they are not counted. */
const WARM_UP_STREAMS = 100;
/** One token now, and then none for as long as the measurement takes. */
const TOKENS = 2;
const RATE = 0.01;
/** What the first streams leave behind is cleared away within this; ms. */
const SETTLE_MS = 500;

/** What a stream costs that is open and says nothing. */
export async function openStreams(bench: Bench, cluster: BenchCluster): Promise<readonly Line[]> {
  const section = `${STREAMS} open streams that say little, synthetic engine`;
  const body = syntheticChat(bench.subject.reference, TOKENS, RATE);
  const load = {
    address: bench.subject.cluster,
    path: '/v1/chat/completions',
    body,
    clients: WARM_UP_STREAMS,
    rampMs: 100,
    windowMs: 0,
    pauseMs: 0,
  };
  const { gatewayPid, gatewayProbe } = cluster;
  await bench.generator.hold(load);
  await bench.generator.release();
  await pause(SETTLE_MS);
  const before = { ...(await readMemory(gatewayPid, gatewayProbe)), rss: residentMemory(gatewayPid) };
  const streams = await bench.generator.hold({ ...load, clients: STREAMS, rampMs: 1_000 });
  const after = { ...(await readMemory(gatewayPid, gatewayProbe)), rss: residentMemory(gatewayPid) };
  await bench.generator.release();
  const perStream = (bytes: number): number => bytes / streams / KIB;
  const heap = after.heapUsed + after.external - before.heapUsed - before.external;
  return [
    {
      section,
      what: 'heap and buffers of the gateway, each stream',
      result: perStream(heap),
      unit: 'KiB',
      target: atMost(TARGET_KIB),
    },
    {
      section,
      what: 'resident memory of the gateway, each stream',
      result: perStream(after.rss - before.rss),
      unit: 'KiB',
    },
  ];
}
