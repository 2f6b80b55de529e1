/** Whether this gateway is stopping: it finishes what it has begun and refuses what is new. */
export class Draining {
  private started = false;

  get begun(): boolean {
    return this.started;
  }

  begin(): void {
    this.started = true;
  }
}
