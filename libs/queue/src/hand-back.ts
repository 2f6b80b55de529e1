export interface HandBackOptions {
  /** The engine died with the job. Counts as a failure of the job, which is given up after too many; off by default. */
  readonly blame?: boolean;
}

/**
 * Thrown by whoever runs a job and cannot: the job goes back to its queue, to be taken next. Without blame a job may go
 * back as often as it likes.
 */
export class HandBack extends Error {
  override readonly name = 'HandBack';
  readonly blame: boolean;

  constructor({ blame = false }: HandBackOptions = {}) {
    super('The job goes back to its queue.');
    this.blame = blame;
  }
}
