import { setTimeout as pause } from 'node:timers/promises';
import { pick } from '../random.js';
import type { Fault } from './fault.js';

const CUT_MS = 4_000;
/** A moment without it, so that clients meet a port that nobody listens on. */
const AWAY_MS = 500;

export const gatewayKill: Fault = async ({ chaos, random }) => {
  const gateway = pick(chaos.cluster.gateways, random);
  const healedAt = performance.now();
  await gateway.kill('SIGKILL');
  await pause(AWAY_MS);
  await chaos.cluster.restartGateway(gateway.name);
  return { healedAt, note: gateway.name };
};

/** Both are replaced, one after the other, as for a new release. */
export const gatewayRoll: Fault = async ({ chaos }) => {
  const gateways = [...chaos.cluster.gateways];
  for (const gateway of gateways) {
    await gateway.stop();
    await chaos.cluster.restartGateway(gateway.name);
  }
  return { healedAt: performance.now(), note: `${gateways.length} gateways` };
};

export const gatewayCut: Fault = async ({ chaos, random }) => {
  const gateway = pick(chaos.cluster.gateways, random);
  const link = chaos.link(gateway.name);
  await link.cut();
  await pause(CUT_MS);
  await link.heal();
  return { healedAt: performance.now(), note: gateway.name };
};
