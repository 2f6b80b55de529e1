/**
 * Every environment variable Longshore reads, once. A `LONGSHORE_*` variable that is not here is refused at start.
 * `docs/configuration.md` lists the same names; a test compares the two.
 */
export const VARIABLES = {
  LONGSHORE_REDIS_URL:
    'Redis to use: redis://host:6379/0, rediss:// for TLS, unix:///run/redis.sock, redis+sentinel://host1:26379,host2:26379/mymaster/0 or redis+cluster://host1:7000,host2:7001.',
  LONGSHORE_NAMESPACE: 'First word of every key and channel, so that clusters can share a Redis.',
  LONGSHORE_LOG_LEVEL: 'Least severe level that is logged: debug, info, warn or error.',
  LONGSHORE_LOG_FORMAT: 'json or pretty.',
  LONGSHORE_HOST: 'Address the gateway listens on.',
  LONGSHORE_PORT: 'Port the gateway listens on; 0 takes a free one.',
  LONGSHORE_SOCKET: 'Unix socket the gateway listens on instead of the port; a path.',
  LONGSHORE_SOCKET_MODE: 'Who may connect to that socket, as the octal mode of its file.',
  LONGSHORE_TLS_PORT:
    'Port the gateway listens on with TLS, beside the other; 0 takes a free one, -1 listens on none.',
  LONGSHORE_TLS_CERT:
    'PEM file with the certificate of the gateway and what stands above it; made by the gateway unless set.',
  LONGSHORE_TLS_KEY: 'PEM file with the private key of the same.',
  LONGSHORE_TLS_DIR: 'Folder of the certificates that the gateway makes itself; clients trust its ca.pem.',
  LONGSHORE_TLS_NAMES:
    'Names and addresses for a certificate made by the gateway, beside localhost and the name of the machine, separated by commas.',
  LONGSHORE_ADMIN_KEY:
    'API key that may do everything and makes other keys; setting it makes every request need a key.',
  LONGSHORE_MEDIA_HOSTS:
    'Hosts that images, audio and video of a request may be fetched from, such as images.example or *.example, separated by commas; * for all public ones, none unless set.',
  LONGSHORE_MEDIA_MAX_PIXELS:
    'Pixels that the pictures in one request may have together; engines take about 6 bytes of memory for each, for some kinds 12, for 16-bit PNGs up to 28.',
  LONGSHORE_BODY_LIMIT: 'Largest request body the gateway accepts.',
  LONGSHORE_REQUEST_TIMEOUT: 'Time an answer may take, from acceptance to its last byte.',
  LONGSHORE_CLIENT_STALL_TIMEOUT: 'Time a client may leave its answer unread before it is dropped.',
  LONGSHORE_DRAIN_TIMEOUT: 'Time a stopping process gives to what it has begun.',
  LONGSHORE_MAX_OPEN_REQUESTS: 'Requests one gateway holds open; more get 429.',
  LONGSHORE_MAX_WAITING: 'Requests that may wait in one queue, over the whole cluster; more get 429.',
  LONGSHORE_PREFIX_AFFINITY:
    'Whether requests that begin alike, such as the turns of a conversation, go to the same worker while it has room.',
  LONGSHORE_STANDBY_VARIANTS:
    'Kinds of workers that something starts when requests wait for them, separated by commas: requests that no live worker can run wait for those instead of being refused.',
  LONGSHORE_LOG:
    'Whether answers are logged in Redis while they are made, so that another worker or gateway can go on with them.',
  LONGSHORE_LOG_LIMIT:
    'Bytes of one answer that are logged; what comes after can only be had from its worker.',
  LONGSHORE_LOG_RETENTION: 'Time the log of an answer is kept after its end.',
  LONGSHORE_RESULT_RETENTION: 'Time an answer to a request with an Idempotency-Key is kept after its end.',
  LONGSHORE_RESPONSE_RETENTION: 'Time responses of the Responses API are kept after they were last written.',
  LONGSHORE_RECORD_REQUESTS:
    'Inference calls and answers that are kept in Redis of each model, for GET /engines/requests; 0 keeps none.',
  LONGSHORE_RESUME_WINDOW: 'Time an answer that can be resumed goes on with nobody reading it.',
  LONGSHORE_VARIANT:
    'Kind of worker: cpu, cuda, vllm-cuda, sglang-cuda, rocm, musa or cann; auto chooses by the accelerators and the engines of the machine.',
  LONGSHORE_WORKER_ID: 'Name of the worker; unique over the cluster.',
  LONGSHORE_MODELS_PATH: 'Folder of the model store.',
  LONGSHORE_STORE_QUOTA: 'Bytes the model store may take, such as 200GiB; 0 takes what the disk has.',
  LONGSHORE_IMPORT_STORE:
    'Folder of a Docker Model Runner store whose models are taken over at start; it is not changed.',
  LONGSHORE_STORE_HOST:
    'Address at which a worker serves its model store to the rest of the cluster; 0.0.0.0 for all.',
  LONGSHORE_STORE_PORT: 'Port of the same; 0 takes a free one.',
  LONGSHORE_STORE_URL:
    'Where others reach the same, such as http://worker-1:9000, when it is not that host and port; for all addresses the name of the machine unless set.',
  LONGSHORE_RUN_DIRECTORY: 'Folder for the sockets of engines; keep its path short.',
  LONGSHORE_SLOTS:
    'Requests one session runs at once; 0 takes 4 with llama.cpp, 64 with vLLM and SGLang on accelerators and with attached servers.',
  LONGSHORE_CONTEXT_SIZE:
    'Context of one slot in tokens; 0 takes what the model was trained for, up to 4096.',
  LONGSHORE_THREADS: 'Threads of one engine; 0 takes one less than the machine has cores.',
  LONGSHORE_MAX_SESSIONS: 'Engine processes one worker keeps at once.',
  LONGSHORE_MEMORY:
    'Memory a worker may fill with models, such as 24GiB; 0 takes what the machine and its accelerators have.',
  LONGSHORE_KEEP_ALIVE: 'Time an idle session stays loaded; 0 unloads it at once, -1 never.',
  LONGSHORE_PRELOAD: 'Models a worker loads at start and keeps, separated by commas.',
  LONGSHORE_LOAD_TIMEOUT: 'Time an engine may take to load a model.',
  LONGSHORE_ENGINE_STALL_TIMEOUT: 'Time an engine may be silent in the middle of an answer.',
  LONGSHORE_TRUSTED_TOKEN_HOSTS:
    'Token servers in the private network that a registry may send a worker to, such as auth.example, separated by commas.',
  LONGSHORE_REGISTRY_MIRRORS:
    'Mirrors of Docker Hub that are asked before it, in order: addresses such as https://mirror.example/prefix, separated by commas.',
  LONGSHORE_DATA: 'Folder of `npm start`: models, Redis data, logs; and of what was typed in conversations.',
  LONGSHORE_URL:
    'Address of the cluster for the command line, when neither --host nor MODEL_RUNNER_HOST is given.',
  LONGSHORE_API_KEY: 'API key that the command line sends.',
  LONGSHORE_NOHISTORY: 'Anything keeps `longshore run` from remembering what is typed in conversations.',
  LONGSHORE_DOCKER_HUB_URL: 'Docker Hub that `longshore search` asks, for example a mirror.',
  LONGSHORE_INSTALL: 'yes lets `npm start` install a missing redis-server without asking.',
} as const satisfies Record<`LONGSHORE_${string}`, string>;

export type VariableName = keyof typeof VARIABLES;

/** Variables of other programs that Longshore honours, so that existing set-ups keep working. */
export const FOREIGN_VARIABLES = {
  LLAMA_SERVER_PATH: 'llama-server to run; else the PATH is searched.',
  LLAMA_ARGS: 'Further arguments for llama-server.',
  VLLM_SERVER_PATH: 'The vllm program to run.',
  SGLANG_SERVER_PATH: 'The SGLang program to run, or the Python that has it.',
  OPENAI_ENGINE_URL:
    'An OpenAI-compatible server that somebody else runs, such as http://127.0.0.1:8000/v1; its models are served too.',
  OPENAI_ENGINE_KEY: 'API key for the same.',
  DMR_ORIGINS:
    'Origins of web pages that may ask the gateway, beside those of this machine, such as https://chat.example or http://intranet:*, separated by commas; * for all.',
  DEFAULT_REGISTRY: 'Registry of references that name none; docker.io unless set.',
  INSECURE_REGISTRY: 'true speaks plain HTTP to registries.',
  DOCKER_HUB_USER: 'User for Docker Hub.',
  DOCKER_HUB_PASSWORD: 'Password for Docker Hub.',
  DOCKER_CONFIG: 'Folder of Docker’s config.json, where credentials for registries are looked up.',
  HF_ENDPOINT: 'Server that is asked in place of https://huggingface.co, for example a mirror.',
  HF_TOKEN: 'Token for the Hugging Face Hub, used for callers who send none of their own.',
  MODEL_RUNNER_HOST:
    'Address of the cluster for the command line: http://host:port, with a path and user:password@ if need be, host:port or unix:///path.',
  MODEL_RUNNER_TLS: 'true lets the command line speak https to an address without a scheme.',
  MODEL_RUNNER_TLS_CA_CERT: 'File with the certificate of the authority that the command line trusts.',
  MODEL_RUNNER_TLS_SKIP_VERIFY: 'true lets the command line trust any certificate.',
  NO_COLOR: 'Anything switches the colours of the command line off.',
  FORCE_COLOR: 'Anything but 0 and false switches them on, also when the output is no terminal.',
  HTTP_PROXY: 'Proxy of the command line for http addresses; never for this machine.',
  http_proxy: 'The same.',
  HTTPS_PROXY: 'Proxy of the command line for https addresses.',
  https_proxy: 'The same.',
  NO_PROXY: 'Hosts that are asked without a proxy, separated by commas.',
  no_proxy: 'The same.',
  PATH: 'Where programs are searched.',
  HOME: 'The user’s folder.',
  LD_LIBRARY_PATH: 'Passed to engines.',
  CUDA_VISIBLE_DEVICES: 'Passed to engines.',
  NVIDIA_VISIBLE_DEVICES: 'Passed to engines.',
  HIP_VISIBLE_DEVICES: 'Passed to engines.',
  ROCR_VISIBLE_DEVICES: 'Passed to engines.',
  MUSA_VISIBLE_DEVICES: 'Passed to engines.',
  MTHREADS_VISIBLE_DEVICES: 'Passed to engines.',
  ASCEND_VISIBLE_DEVICES: 'Passed to engines.',
  ASCEND_RT_VISIBLE_DEVICES: 'Passed to engines.',
} as const satisfies Record<string, string>;

export type ForeignVariableName = keyof typeof FOREIGN_VARIABLES;
