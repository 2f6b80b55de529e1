import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { LaunchProblem } from './launch-problem.js';
import { describeOccupant, gatewayUrl, planPorts } from './port-plan.js';

const PROBE_TIMEOUT_MS = 1_000;

/**
 * Chooses the ports of `count` gateways and makes sure that each one can be listened on. `first` 0 takes free ones.
 * @throws LaunchProblem that says who holds a port
 */
export async function claimPorts(host: string, first: number, count: number): Promise<readonly number[]> {
  if (first === 0) return freePorts(host, count);
  const ports = planPorts(first, count);
  for (const port of ports) {
    const code = await tryPort(host, port);
    if (code !== undefined) throw new LaunchProblem(await explain(host, port, code));
  }
  return ports;
}

async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => listen(host, 0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return ports;
}

async function tryPort(host: string, port: number): Promise<string | undefined> {
  try {
    const server = await listen(host, port);
    await once(server.close(), 'close');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

async function listen(host: string, port: number) {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  return server;
}

async function explain(host: string, port: number, code: string): Promise<string> {
  switch (code) {
    case 'EADDRINUSE': {
      const who = describeOccupant(await askWhoIsThere(host, port));
      return `Port ${port} is taken by ${who}. Stop it, or choose another port: npm start -- --port ${port + 1000 > 65_535 ? port - 1000 : port + 1000}`;
    }
    case 'EACCES':
      return `Port ${port} may not be used by this user. Choose one above 1023: npm start -- --port 12434`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `LONGSHORE_HOST is "${host}", which is no address of this machine. Use 127.0.0.1 or 0.0.0.0.`;
    default:
      return `Port ${port} on ${host} cannot be used (${code}). Choose another with --port.`;
  }
}

async function askWhoIsThere(host: string, port: number) {
  try {
    const response = await fetch(gatewayUrl(host, port), { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const body = (await response.text()).slice(0, 1_000);
    return {
      body,
      server: `${response.headers.get('server') ?? ''} ${response.headers.get('x-powered-by') ?? ''}`,
    };
  } catch {
    return undefined;
  }
}
