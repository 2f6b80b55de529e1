import { Cluster, type ClusterNode, type Command } from 'ioredis';
import { ANSWER_WITHIN_MS, type LegacyClusterOptions } from './client-options.js';

/**
 * A cluster client whose commands wait for nobody: they reject at once while the cluster is away, and when there is no
 * answer in time. Only before it was ready for the first time do they wait for that. One that finds its node being
 * connected to waits for the outcome, unlike with `enableOfflineQueue: false`, which also fails commands while all is
 * well.
 */
export class PromptCluster extends Cluster {
  private wasReady = false;

  constructor(nodes: readonly ClusterNode[], options: LegacyClusterOptions) {
    super([...nodes], options);
    this.once('ready', () => (this.wasReady = true));
  }

  override sendCommand(...given: Parameters<Cluster['sendCommand']>): unknown {
    const [command]: [Command, ...unknown[]] = given;
    // The client itself asks the cluster how it is while it connects.
    if (this.wasReady && command.name !== 'cluster') {
      if (this.status !== 'ready') {
        command.reject(new Error('The Redis Cluster cannot be reached'));
        return command.promise;
      }
      command.setTimeout(ANSWER_WITHIN_MS);
    }
    return super.sendCommand(...given);
  }
}
