import { Cluster, type ClusterNode } from 'ioredis';
import type { LegacyClusterOptions } from './client-options.js';

/** What the library does once the last node is disconnected from; it has no public name. */
interface Closing {
  handleCloseEvent(): void;
}

/**
 * A cluster client that ends whenever it is told to. The library's own counts on a node to say that it is disconnected
 * from, and while the cluster is away there is none: `end` would never come, nor an answer to commands that wait.
 */
export class PatientCluster extends Cluster {
  /** Was told to end and has not got there yet. */
  private ending = false;
  private ended = false;

  constructor(seeds: readonly ClusterNode[], options: LegacyClusterOptions) {
    super([...seeds], options);
    // BullMQ makes its blocking connections with this.
    const duplicate = (nodes: readonly ClusterNode[] = [], changes: object = {}): Cluster =>
      new PatientCluster(nodes.length > 0 ? nodes : seeds, { ...options, ...changes });
    this.duplicate = duplicate;
    this.on('end', () => {
      this.ended = true;
      this.ending = false;
    });
    // Each node that ends after the client was the last one, says the library.
    this.on('close', () => {
      if (this.ended) this.status = 'end';
    });
  }

  /** BullMQ connects anew when a wait for a job fails, also when it fails because BullMQ has ended the client. */
  override connect(): Promise<void> {
    if (this.ending) return Promise.reject(new Error('Connection is closed.'));
    this.ended = false;
    return super.connect();
  }

  override disconnect(reconnect = false): void {
    if (this.status === 'end') return;
    const nobodyLeft = this.nodes().length === 0;
    // Who wants to begin afresh connects in the same breath.
    if (!reconnect) queueMicrotask(() => (this.ending = this.status !== 'connecting'));
    super.disconnect(reconnect);
    if (nobodyLeft && !reconnect) (this as unknown as Closing).handleCloseEvent();
  }
}
