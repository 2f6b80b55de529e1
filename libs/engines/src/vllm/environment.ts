/** Variables a program needs to find its libraries, its home, its caches and its share of the accelerators. */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LANG|LC_ALL|TMPDIR|XDG_CACHE_HOME|LD_LIBRARY_PATH)$|^(?:CUDA|NVIDIA|NCCL|HIP|HSA|ROCR|ROCM|MUSA|MTHREADS|ASCEND|OMP|TORCHINDUCTOR|TRITON|FLASHINFER|VLLM_CPU)_/;

const FIXED = {
  // Nothing is told to anybody.
  VLLM_NO_USAGE_STATS: '1',
  DO_NOT_TRACK: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  // The model is here: nothing is fetched.
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  // Lines come when they are printed, without colours.
  PYTHONUNBUFFERED: '1',
  NO_COLOR: '1',
};

/**
 * The environment of vLLM: the parts of ours that concern the machine. Other variables of vLLM stay out, because they
 * would change what a session does behind the back of its spec; so do our own settings and secrets.
 */
export function vllmEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(ours).filter(([name, value]) => value !== undefined && PASSED_ON.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...FIXED };
}

/**
 * What one session on a processor computes with. Threads are not bound to cores: two sessions would be bound to the
 * same ones.
 */
export function processorEnvironment(threads: number): Readonly<Record<string, string>> {
  return { OMP_NUM_THREADS: String(threads), VLLM_CPU_OMP_THREADS_BIND: 'nobind' };
}
