# Images by variant: "make docker-build" or, with the versions in the environment,
#   set -a; . deploy/versions.env; set +a; docker buildx bake -f deploy/docker-bake.hcl cuda
# deploy/variants says what each is made of; test/deploy compares.

variable "REPO" { default = "longshore/longshore" }
variable "TAG" { default = "dev" }
# Whether the tags "latest" and "latest-<variant>" are made too.
variable "PUSH_LATEST" { default = false }
variable "VERSION" { default = "dev" }
variable "REVISION" { default = "unknown" }

# What an image is made from, in place of what its variant says.
variable "BASE_IMAGE" { default = "" }

# Lines of deploy/versions.env.
variable "NODE_VERSION" {}
variable "DEBIAN_RELEASE" {}
variable "LLAMA_SERVER_VERSION" {}
variable "VLLM_VERSION" {}
variable "VLLM_CUDA_VERSION" {}
variable "VLLM_PYTHON_TAG" {}
variable "SGLANG_VERSION" {}
variable "CANN_VERSION" {}
variable "CANN_SOC_TYPE" {}

function "tags" {
  params = [suffix]
  result = concat(
    ["${REPO}:${TAG}${suffix}"],
    PUSH_LATEST ? ["${REPO}:latest${suffix}"] : [],
  )
}

group "default" { targets = ["gateway", "cpu"] }

group "released" { targets = ["gateway", "cpu", "cuda", "vllm-cuda", "sglang-cuda", "rocm"] }

# Built only when asked for.
group "optional" { targets = ["musa", "cann"] }

target "_common" {
  context    = "."
  dockerfile = "Dockerfile"
  args = {
    NODE_VERSION   = NODE_VERSION
    DEBIAN_RELEASE = DEBIAN_RELEASE
    VERSION        = VERSION
    REVISION       = REVISION
  }
  attest = ["type=sbom", "type=provenance,mode=max"]
}

target "_llamacpp" {
  inherits = ["_common"]
  target   = "final-llamacpp"
  args = {
    BASE_IMAGE           = BASE_IMAGE
    LLAMA_SERVER_VERSION = LLAMA_SERVER_VERSION
  }
}

target "gateway" {
  inherits  = ["_common"]
  target    = "gateway"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = tags("-gateway")
}

target "cpu" {
  inherits  = ["_llamacpp"]
  args      = { LLAMA_SERVER_VARIANT = "cpu" }
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = tags("")
}

target "cuda" {
  inherits  = ["_llamacpp"]
  args      = { LLAMA_SERVER_VARIANT = "cuda" }
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = tags("-cuda")
}

target "vllm-cuda" {
  inherits = ["_common"]
  target   = "final-vllm"
  args = {
    BASE_IMAGE        = BASE_IMAGE
    VLLM_VERSION      = VLLM_VERSION
    VLLM_CUDA_VERSION = VLLM_CUDA_VERSION
    VLLM_PYTHON_TAG   = VLLM_PYTHON_TAG
  }
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = tags("-vllm-cuda")
}

target "sglang-cuda" {
  inherits = ["_common"]
  target   = "final-sglang"
  args = {
    BASE_IMAGE     = BASE_IMAGE
    SGLANG_VERSION = SGLANG_VERSION
  }
  platforms = ["linux/amd64"]
  tags      = tags("-sglang-cuda")
}

target "rocm" {
  inherits  = ["_llamacpp"]
  args      = { LLAMA_SERVER_VARIANT = "rocm" }
  platforms = ["linux/amd64"]
  tags      = tags("-rocm")
}

target "musa" {
  inherits  = ["_llamacpp"]
  args      = { LLAMA_SERVER_VARIANT = "musa" }
  platforms = ["linux/amd64"]
  tags      = tags("-musa")
}

target "cann" {
  inherits = ["_llamacpp"]
  args = {
    LLAMA_SERVER_VARIANT = "cann"
    CANN_VERSION         = CANN_VERSION
    CANN_SOC_TYPE        = CANN_SOC_TYPE
  }
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = tags("-cann")
}
