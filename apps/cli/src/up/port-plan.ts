import { join, parse } from 'node:path';
import { LaunchProblem } from './launch-problem.js';

const HIGHEST_PORT = 65_535;

/**
 * The ports of `count` gateways: `first` and its neighbours.
 * @throws LaunchProblem when they do not fit below the highest port
 */
export function planPorts(first: number, count: number): readonly number[] {
  if (first + count - 1 > HIGHEST_PORT) {
    throw new LaunchProblem(
      `${count} gateways from port ${first} on would need ports above ${HIGHEST_PORT}; choose a lower --port.`,
    );
  }
  return Array.from({ length: count }, (_, index) => first + index);
}

/** The port of the gateway at `index` for TLS: neighbours of the first, unless each takes a free one (0) or none (-1). */
export function tlsPort(first: string | undefined, index: number): string | undefined {
  const port = Number(first);
  return Number.isInteger(port) && port > 0 ? `${port + index}` : first;
}

/** The socket of the gateway at `index`: the first has the path that is asked for, others a number before its extension. */
export function socketOf(first: string | undefined, index: number): string | undefined {
  if (first === undefined || first === '' || index === 0) return first || undefined;
  const { dir, name, ext } = parse(first);
  return join(dir, `${name}-${index + 1}${ext}`);
}

/** The address a client on this machine uses for a gateway that listens on `host`. */
export function gatewayUrl(host: string, port: number): string {
  const everywhere: Readonly<Record<string, string>> = {
    '0.0.0.0': '127.0.0.1',
    '::': '[::1]',
    '': '127.0.0.1',
  };
  const name = everywhere[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${name}:${port}`;
}

/** Who answers on a taken port, from the body and headers of its `GET /`; undefined when nobody spoke HTTP. */
export function describeOccupant(answer: { body: string; server: string } | undefined): string {
  if (answer === undefined) return 'another program';
  if (/longshore/i.test(answer.body) || /longshore/i.test(answer.server)) return 'a Longshore gateway';
  if (answer.body.includes('Docker Model Runner is running'))
    return 'Docker Model Runner or another Longshore';
  return 'another HTTP server';
}
