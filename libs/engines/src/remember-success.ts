/** A task whose result is kept once it has succeeded; a call after a failure tries again. Calls at the same time share one try. */
export function rememberSuccess<T>(task: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= task().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
