import { join } from 'node:path';
import type { Environment } from '#config';
import { socketOf, tlsPort } from './port-plan.js';

export interface GatewaySurroundings {
  readonly host: string;
  /** One for each gateway. */
  readonly ports: readonly number[];
  /** Folder that keeps certificates where the environment names none. */
  readonly root: string;
  readonly environment: Environment;
}

/** A gateway to be started: its name, and what of its environment is its own. */
export interface GatewayPlan {
  readonly name: string;
  readonly own: Readonly<Record<string, string>>;
}

/** No two gateways listen at one place, whichever kind of place that is. */
export function planGateways({
  host,
  ports,
  root,
  environment,
}: GatewaySurroundings): readonly GatewayPlan[] {
  const certificates = environment['LONGSHORE_TLS_DIR'] || join(root, 'tls');
  return ports.map((port, index) => {
    const tls = tlsPort(environment['LONGSHORE_TLS_PORT'], index);
    const socket = socketOf(environment['LONGSHORE_SOCKET'], index);
    const own = {
      LONGSHORE_HOST: host,
      LONGSHORE_PORT: `${port}`,
      LONGSHORE_TLS_DIR: certificates,
      ...(tls !== undefined && { LONGSHORE_TLS_PORT: tls }),
      ...(socket !== undefined && { LONGSHORE_SOCKET: socket }),
    };
    return { name: `gateway-${index + 1}`, own };
  });
}
