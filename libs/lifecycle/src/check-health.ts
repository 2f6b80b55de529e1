/** Where a process of this machine answers questions about its health. */
export interface HealthAddress {
  /** What it listens on; one of all addresses is asked at the loopback. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/**
 * Asks a process how it is, for the health checks of containers. Never throws.
 * @param timeout ms
 * @returns undefined when it is well, else a sentence that says what is wrong
 */
export async function checkHealth(
  { host, port, path }: HealthAddress,
  timeout: number,
): Promise<string | undefined> {
  if (port === 0) return 'A process on a port of its own choice cannot be asked; give it a fixed one.';
  const name = LOOPBACK[host] ?? (host.includes(':') ? `[${host}]` : host);
  const url = `http://${name}:${port}${path}`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    const said = (await answer.text()).slice(0, 500);
    return answer.ok ? undefined : `${url} answered ${answer.status}: ${said}`;
  } catch (error) {
    const { cause = error } = error as Error;
    return `${url} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
