const POLL_MS = 250;

/**
 * Calls `onGone` when the parent process has ended. Under npm the parent is npm itself, and when npm is killed
 * nobody else tells. Returns a function that stops the watch.
 */
export function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
