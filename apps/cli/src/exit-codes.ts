/** What the exit code of `longshore` says. Scripts may rely on it. */
export const EXIT = {
  ok: 0,
  /** It was tried and did not work. */
  failure: 1,
  /** The command line or the environment cannot be used; nothing was tried. */
  usage: 2,
  /** The cluster, or the registry, does not have what was named. */
  notFound: 3,
  /** No cluster answers, or the connection to it broke. */
  unreachable: 4,
  /** The cluster refused: no key, a wrong one, or one that may not do this. */
  refused: 5,
  /** Ctrl-C, SIGTERM or SIGHUP. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
