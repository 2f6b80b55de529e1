import { type FlagList, flagsOf } from './flag-list.js';

const PARALLEL = `
  --tensor-parallel-size --tp-size --tp --data-parallel-size --dp-size --dp --pipeline-parallel-size --pp-size
  --expert-parallel-size --ep-size --ep --load-balance-method --disable-custom-all-reduce --enable-p2p-check
  --enable-dp-attention`;

const MEMORY = `
  --context-length --mem-fraction-static --max-total-tokens --page-size --kv-cache-dtype --cpu-offload-gb
  --disable-radix-cache --radix-eviction-policy --enable-hierarchical-cache --hicache-ratio --hicache-size`;

const SCHEDULING = `
  --max-running-requests --max-queued-requests --chunked-prefill-size --max-prefill-tokens --schedule-policy
  --schedule-conservativeness --stream-interval --num-continuous-decode-steps --enable-mixed-chunk
  --disable-overlap-schedule --disable-chunked-prefix-cache`;

const MODEL = `
  --dtype --quantization --random-seed --revision --tokenizer-mode --load-format --is-embedding --enable-multimodal
  --skip-server-warmup`;

const KERNELS = `
  --attention-backend --prefill-attention-backend --decode-attention-backend --sampling-backend --grammar-backend
  --mm-attention-backend --device --disable-cuda-graph --cuda-graph-max-bs --cuda-graph-bs --enable-torch-compile
  --torch-compile-max-bs --triton-attention-reduce-in-fp32`;

const SPECULATION = `
  --speculative-algorithm --speculative-num-steps --speculative-eagle-topk --speculative-num-draft-tokens
  --speculative-accept-threshold-single --speculative-accept-threshold-acc`;

const ANSWERS = '--tool-call-parser --reasoning-parser --chat-template --enable-cache-report';

const SERVER = '--log-level --decode-log-interval --enable-metrics --watchdog-timeout';

const OURS = 'the worker talks to the engine itself';

export const SGLANG_FLAGS: FlagList = {
  allowed: flagsOf(PARALLEL, MEMORY, SCHEDULING, MODEL, KERNELS, SPECULATION, ANSWERS, SERVER),
  reserved: new Map([
    ['--served-model-name', 'models have the names of the catalogue'],
    ['--api-key', OURS],
    ['--host', OURS],
    ['--port', OURS],
    ['--trust-remote-code', 'it would run programs that come with the model'],
  ]),
};
