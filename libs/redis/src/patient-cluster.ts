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
  constructor(seeds: readonly ClusterNode[], options: LegacyClusterOptions) {
    super([...seeds], options);
    // BullMQ makes its blocking connections with this.
    const duplicate = (nodes: readonly ClusterNode[] = [], changes: object = {}): Cluster =>
      new PatientCluster(nodes.length > 0 ? nodes : seeds, { ...options, ...changes });
    this.duplicate = duplicate;
  }

  override disconnect(reconnect = false): void {
    const nobodyLeft = this.nodes().length === 0 && this.status !== 'end';
    super.disconnect(reconnect);
    if (nobodyLeft && !reconnect) (this as unknown as Closing).handleCloseEvent();
  }
}
