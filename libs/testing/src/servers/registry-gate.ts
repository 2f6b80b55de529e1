import { startRegistryFront } from './registry-front.js';

/** A server in front of a registry that counts what is asked for and can keep blobs back. */
export interface RegistryGate {
  readonly host: string;
  /** Path and range of what was asked for of blobs with GET, in order. */
  readonly blobsRead: readonly string[];
  /** From now on blobs are delivered; before, whoever asks waits. */
  open(): void;
  close(): Promise<void>;
}

/**
 * Begins closed: manifests pass, blobs wait.
 * @param holds whether a part of a blob waits, by its first byte; all do when absent
 */
export async function startRegistryGate(
  registry: string,
  holds: (start: number) => boolean = () => true,
): Promise<RegistryGate> {
  const blobsRead: string[] = [];
  let letThrough = (): void => undefined;
  const opened = new Promise<void>((resolve) => (letThrough = resolve));
  const front = await startRegistryFront(registry, ({ request: { method, url, headers }, forward }) => {
    const blob = method === 'GET' && url?.includes('/blobs/') === true;
    if (blob) blobsRead.push(`${url} ${headers.range ?? ''}`);
    const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    void (blob && holds(start) ? opened : Promise.resolve()).then(forward);
  });
  return { host: front.host, blobsRead, open: letThrough, close: () => front.close() };
}
