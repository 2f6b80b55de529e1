/** Thrown by whoever runs a job and cannot: the job goes back to its queue, as if it had not been taken. */
export class HandBack extends Error {
  override readonly name = 'HandBack';
}
