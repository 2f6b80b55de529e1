/**
 * What SGLang writes, in its own shapes: lines of the help of version 0.5.23, recorded; and an answer of its ranking
 * route, put together after the response class of that version, because no accelerator was at hand to record one.
 */
export const HELP_LINES = [
  'usage: launch_server.py [-h] [--model-path MODEL_PATH] [--host HOST] [--port PORT] [--served-model-name SERVED_MODEL_NAME]',
  '  --load-format {auto,pt,safetensors,dummy,gguf}',
  '  --context-length CONTEXT_LENGTH',
  '  --max-running-requests MAX_RUNNING_REQUESTS',
  '  --speculative-draft-model-path SPECULATIVE_DRAFT_MODEL_PATH, --speculative-draft-model SPECULATIVE_DRAFT_MODEL_PATH',
  '  --enable-metrics      Enable log prometheus metrics.',
  '  --enable-cache-report Return number of cached tokens in usage.prompt_tokens_details for each openai request.',
  '  --reasoning-parser {auto,deepseek-r1,qwen3}',
  '  --tool-call-parser {auto,llama3,qwen}',
].join('\n');

export const RANKING = JSON.stringify([
  { score: 0.25, document: 'paris', index: 1, meta_info: { prompt_tokens: 4 } },
  { score: 0.75, document: 'the harbour', index: 0, meta_info: { prompt_tokens: 6 } },
]);
