export { FormatError } from './formats/format-error.js';
export { estimateMemory, type MemoryDemand, type MemoryEstimate } from './formats/estimate-memory.js';
export { mergeGgufHeaders } from './formats/merge-gguf-headers.js';
export { readSafetensorsHeader, type SafetensorsHeader } from './formats/read-safetensors-header.js';
export { exportModel, type ExportModel, type ExportedModel } from './archive/export-model.js';
export { loadModel, type LoadModel } from './archive/load-model.js';
export { describeGguf } from './formats/describe-gguf.js';
export { readGgufHeader, type GgufHeader } from './formats/read-gguf-header.js';
export { digestOf, type Descriptor, type Manifest } from './formats/manifest.js';
export { printBytes, printCount } from './formats/print-quantity.js';
export type { Artifact, ArtifactBlob } from './package/artifact.js';
export { packageGguf, type PackageGguf } from './package/package-gguf.js';
export { packageSafetensors, type PackageSafetensors } from './package/package-safetensors.js';
export { repackageModel, type RepackageModel } from './package/repackage-model.js';
export { pullMessage } from './pull-message.js';
export { fetchModel, type FetchModel, pullModel, type PullModel, type PulledModel } from './pull-model.js';
export { describeRemote, type RemoteModel } from './sources/describe-remote.js';
export { type Neighbour, type NeighbourAccess, NeighbourHttp } from './sources/neighbours/neighbour-http.js';
export { NeighbourSource, type NeighbourSourceOptions } from './sources/neighbours/neighbour-source.js';
export { ModelSource, type ResolvedModel, type SourceAccess } from './sources/model-source.js';
export { HUB_ENDPOINT, HubHttp, type HubOptions } from './sources/hugging-face/hub-http.js';
export { HuggingFaceSource } from './sources/hugging-face/hugging-face-source.js';
export { pushArtifact, type PushArtifact } from './sources/push-artifact.js';
export { pushModel, type PushModel } from './sources/push-model.js';
export { RegistryHttp, type RegistryOptions } from './sources/registry-http.js';
export { RegistrySource } from './sources/registry-source.js';
export type { RegistryCredentials } from './sources/registry-credentials.js';
export { registryCredentials, type RegistryCredentialsOptions } from './sources/docker-config.js';
export type { CredentialsLookup } from './sources/registry-authorization.js';
export { parseMirrors, UnreadableMirrors, type RegistryEndpoint } from './sources/registry-endpoint.js';
export { RoutedSource } from './sources/routed-source.js';
export type { RetryPolicy } from './sources/retry.js';
export { SourceError } from './sources/source-error.js';
export type { ModelFiles } from './store/model-bundle.js';
export {
  ModelStore,
  type ModelLease,
  type PutModel,
  type Removed,
  type Untagged,
} from './store/model-store.js';
export type { CollectOptions, Collected } from './store/collect.js';
export { importModelRunnerStore, type ImportedModels } from './store/import-store.js';
export type { StoreOptions } from './store/open-layout.js';
export type { VolumeTraits } from './store/probe-volume.js';
export type { StoreUsage } from './store/store-usage.js';
export { StoreError, type StoreFailure } from './store/store-error.js';
export { toCatalogueModel, type StoredModel } from './store/stored-model.js';
export { BlobTransfer, type FetchBlob } from './transfer/blob-transfer.js';
export { DEFAULT_TRANSFER, type TransferSettings } from './transfer/transfer-settings.js';
