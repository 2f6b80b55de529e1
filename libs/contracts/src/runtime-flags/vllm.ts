import { type FlagList, flagsOf } from './flag-list.js';

const PARALLEL = `
  --tensor-parallel-size -tp --pipeline-parallel-size -pp --data-parallel-size -dp --enable-expert-parallel
  --disable-custom-all-reduce`;

const MEMORY = `
  --max-model-len --max-num-batched-tokens --max-num-seqs --block-size --swap-space --cpu-offload-gb
  --num-gpu-blocks-override --gpu-memory-utilization --kv-cache-dtype --calculate-kv-scales`;

const SCHEDULING = `
  --enable-prefix-caching --no-enable-prefix-caching --enable-chunked-prefill --no-enable-chunked-prefill
  --max-num-partial-prefills --max-long-partial-prefills --long-prefill-token-threshold --scheduling-policy
  --async-scheduling --no-async-scheduling --use-v2-block-manager`;

const MODEL = `
  --dtype --quantization -q --seed --revision --tokenizer-mode --load-format --enforce-eager --max-logprobs
  --runner --convert --limit-mm-per-prompt --max-seq-len-to-capture --attention-backend`;

const ANSWERS = `
  --tool-call-parser --enable-auto-tool-choice --reasoning-parser --enable-reasoning --chat-template-content-format
  --return-tokens-as-token-ids --enable-force-include-usage`;

const SERVER = '--disable-log-stats --enable-log-requests --disable-log-requests';

const OURS = 'the worker talks to the engine itself';

export const VLLM_FLAGS: FlagList = {
  allowed: flagsOf(PARALLEL, MEMORY, SCHEDULING, MODEL, ANSWERS, SERVER),
  reserved: new Map([
    ['--served-model-name', 'models have the names of the catalogue'],
    ['--api-key', OURS],
    ['--host', OURS],
    ['--port', OURS],
    ['--root-path', OURS],
    ['--trust-remote-code', 'it would run programs that come with the model'],
    ['--hf-overrides', 'it has a member of its own: "vllm": {"hf-overrides": …}'],
  ]),
};
