import { type FlagList, flagsOf } from './flag-list.js';
import { LLAMA_CPP_VALUES } from './llama-cpp-values.js';

const THREADS = `
  -t --threads -tb --threads-batch -C --cpu-mask -Cr --cpu-range --cpu-strict --prio --poll
  -Cb --cpu-mask-batch -Crb --cpu-range-batch --cpu-strict-batch --prio-batch --poll-batch --threads-http`;

const CONTEXT = '-c --ctx-size -n --predict --n-predict --keep --context-shift --no-context-shift';

const BATCHING = `
  -b --batch-size -ub --ubatch-size --swa-full -fa --flash-attn --perf --no-perf
  -np --parallel -cb --cont-batching -nocb --no-cont-batching`;

const SAMPLING = `
  --samplers -s --seed --temp --temperature --top-k --top-p --min-p --top-nsigma --xtc-probability --xtc-threshold
  --typical --repeat-last-n --repeat-penalty --presence-penalty --frequency-penalty --dry-multiplier --dry-base
  --dry-allowed-length --dry-penalty-last-n --mirostat --mirostat-lr --mirostat-ent --ignore-eos --dynatemp-range
  --dynatemp-exp -bs --backend-sampling`;

const DEVICES = `
  -dev --device -ngl --gpu-layers --n-gpu-layers -sm --split-mode -ts --tensor-split -mg --main-gpu -fit --fit
  -fitt --fit-target -fitc --fit-ctx -cmoe --cpu-moe -ncmoe --n-cpu-moe --op-offload --no-op-offload`;

const MEMORY = `
  -kvo --kv-offload -nkvo --no-kv-offload --repack -nr --no-repack --no-host -ctk --cache-type-k -ctv --cache-type-v
  --mlock --mmap --no-mmap -dio --direct-io -ndio --no-direct-io -cram --cache-ram -kvu --kv-unified
  --cache-prompt --no-cache-prompt --cache-reuse -sps --slot-prompt-similarity --check-tensors`;

const ROPE = `
  --rope-scaling --rope-scale --rope-freq-base --rope-freq-scale --yarn-orig-ctx --yarn-ext-factor
  --yarn-attn-factor --yarn-beta-slow --yarn-beta-fast`;

const MULTIMODAL = `
  --mmproj-auto --no-mmproj --no-mmproj-auto --mmproj-offload --no-mmproj-offload --image-min-tokens
  --image-max-tokens --spm-infill`;

const SPECULATION = `
  --draft --draft-n --draft-max --draft-min --draft-n-min --draft-p-min --draft-p-split -cd --ctx-size-draft
  -devd --device-draft -ngld --gpu-layers-draft --n-gpu-layers-draft -td --threads-draft -tbd --threads-batch-draft
  -ctkd --cache-type-k-draft -ctvd --cache-type-v-draft -cmoed --cpu-moe-draft -ncmoed --n-cpu-moe-draft
  --spec-draft-n-max --spec-draft-n-min --spec-draft-p-min --spec-draft-p-split --spec-draft-ctx-size
  --spec-draft-device --spec-draft-ngl --spec-draft-n-gpu-layers --spec-draft-threads --spec-draft-threads-batch
  --spec-draft-type-k --spec-draft-type-v --spec-draft-cpu-moe --spec-draft-n-cpu-moe
  --spec-type --spec-ngram-size-n --spec-ngram-size-m --spec-ngram-min-hits`;

const ADAPTERS = '--lora-init-without-apply --control-vector-layer-range';

const ANSWERS = `
  --grammar -j --json-schema --chat-template --chat-template-kwargs --jinja --no-jinja --pooling --reasoning-format
  --reasoning-budget --prefill-assistant --no-prefill-assistant`;

const SERVER = `
  --warmup --no-warmup --sleep-idle-seconds --webui --no-webui --webui-config --metrics --props --slots
  --embedding --embeddings --rerank --reranking -v --verbose`;

const OURS = 'the worker talks to the engine itself';
const TELEMETRY = 'the worker reads them';

export const LLAMA_CPP_FLAGS: FlagList = {
  allowed: flagsOf(
    THREADS,
    CONTEXT,
    BATCHING,
    SAMPLING,
    DEVICES,
    MEMORY,
    ROPE,
    MULTIMODAL,
    SPECULATION,
    ADAPTERS,
    ANSWERS,
    SERVER,
  ),
  reserved: new Map([
    ['--api-key', OURS],
    ['--api-prefix', OURS],
    ['--host', OURS],
    ['--port', OURS],
    ['-to', 'requests have a time limit of their own'],
    ['--timeout', 'requests have a time limit of their own'],
    ['--no-slots', TELEMETRY],
    ['--no-metrics', TELEMETRY],
  ]),
  values: LLAMA_CPP_VALUES,
};
