/** Media types of model artifacts. Sources: docker/model-spec and the CNCF ModelPack specification. */
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** Manifests a registry may answer with that list several others; none of them is a model. */
export const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

export const DOCKER_CONFIG_V01 = 'application/vnd.docker.ai.model.config.v0.1+json';
export const DOCKER_CONFIG_V02 = 'application/vnd.docker.ai.model.config.v0.2+json';
export const MODELPACK_CONFIG = 'application/vnd.cncf.model.config.v1+json';

/** Config types that can be read; their order is of no meaning. */
const CONFIG_TYPES = [DOCKER_CONFIG_V01, DOCKER_CONFIG_V02, MODELPACK_CONFIG] as const;
export type ConfigType = (typeof CONFIG_TYPES)[number];

export const GGUF_LAYER = 'application/vnd.docker.ai.gguf.v3';
export const SAFETENSORS_LAYER = 'application/vnd.docker.ai.safetensors';
export const PROJECTOR_LAYER = 'application/vnd.docker.ai.mmproj';
export const CHAT_TEMPLATE_LAYER = 'application/vnd.docker.ai.chat.template.jinja';
export const LICENSE_LAYER = 'application/vnd.docker.ai.license';
/** Any other file of a model; its path is an annotation. */
export const MODEL_FILE_LAYER = 'application/vnd.docker.ai.model.file';
/** A folder with what is in it, packed as a tar archive. */
export const FOLDER_ARCHIVE_LAYER = 'application/vnd.docker.ai.dir.tar';
/** Configuration and tokenizer beside safetensors weights, as older artifacts carry them. */
export const CONFIG_ARCHIVE_LAYER = 'application/vnd.docker.ai.vllm.config.tar';
export const MODELPACK_GGUF_LAYER = 'application/vnd.cncf.model.weight.v1.gguf';
export const MODELPACK_SAFETENSORS_LAYER = 'application/vnd.cncf.model.weight.v1.safetensors';

/** Where the layer's file lies inside the model's folder; relative, `/` between names. */
export const FILE_PATH_ANNOTATION = 'org.cncf.model.filepath';

export function isConfigType(mediaType: string): mediaType is ConfigType {
  return (CONFIG_TYPES as readonly string[]).includes(mediaType);
}
