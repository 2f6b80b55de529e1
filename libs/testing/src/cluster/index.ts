export {
  startCluster,
  type Cluster,
  type ClusterGateway,
  type ClusterOptions,
  type ClusterWorker,
} from './cluster.js';
export type { ClusterEngine } from './cluster-engine.js';
export { startClusterProcess, type ClusterProcess, type ProcessVariables } from './cluster-process.js';
export { askChat, openChat, pullModelThrough, streamChat, type StreamedChat } from './cluster-client.js';
export { publishModel, type PublishedModel } from './publish-model.js';
