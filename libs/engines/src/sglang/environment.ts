/** Variables a program needs to find its libraries, its home and its share of the accelerators. */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LANG|LC_ALL|TMPDIR|LD_LIBRARY_PATH|XDG_CACHE_HOME)$|^(?:CUDA|NVIDIA|NCCL|HIP|HSA|ROCR|ROCM|MUSA|MTHREADS|ASCEND|OMP|TORCH|TRITON|FLASHINFER)_/;

/** The environment of SGLang: the parts of ours that concern the machine, and nothing that makes it ask the internet. */
export function sglangEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && PASSED_ON.test(name)) kept[name] = value;
  }
  return {
    ...kept,
    HF_HUB_OFFLINE: '1',
    TRANSFORMERS_OFFLINE: '1',
    PYTHONUNBUFFERED: '1',
    // Asked to end, it would wait for all its requests without limit; the worker has drained it before.
    SGL_FORCE_SHUTDOWN: 'true',
  };
}
