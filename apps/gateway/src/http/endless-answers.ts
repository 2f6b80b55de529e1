import { Injectable } from '@nestjs/common';

/** Answers that go on for as long as somebody listens: they must not hold up a gateway that stops. */
@Injectable()
export class EndlessAnswers {
  private readonly stopping = new AbortController();

  /** Aborts with `signal`, or when the gateway stops. */
  bound(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.stopping.signal]);
  }

  end(): void {
    this.stopping.abort();
  }
}
