/** What `up` does, in a line. */
export const UP_SUMMARY = 'Start a cluster on this machine and stay in the foreground';
