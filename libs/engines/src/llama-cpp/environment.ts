/** Variables a program needs to find its libraries, its home and its share of the accelerators. */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LANG|LC_ALL|TMPDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH)$|^(?:CUDA|NVIDIA|HIP|HSA|ROCR|ROCM|MUSA|MTHREADS|ASCEND|ONEAPI|SYCL|ZE|OMP|GGML)_/;

/**
 * The environment of an engine: the parts of ours that concern the machine. `LLAMA_ARG_*` and the like stay out,
 * because they would change what a session does behind the back of its spec; so do our own settings and secrets.
 */
export function engineEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && PASSED_ON.test(name)) kept[name] = value;
  }
  // Without it a failed assertion starts a debugger where one is installed, and the process hangs.
  kept['GGML_NO_BACKTRACE'] = '1';
  return kept;
}
