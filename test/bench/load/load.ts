/** Where requests go. */
export type Address = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** A number of clients that each send one streaming request after the other. */
export interface Load {
  readonly address: Address;
  readonly path: string;
  /** The JSON text of every request. */
  readonly body: string;
  readonly clients: number;
  /** Begins of the first requests are spread over this time, and then nothing counts for as long again; ms. */
  readonly rampMs: number;
  /** What is measured happens in this window; no request begins after it; ms. */
  readonly windowMs: number;
  /** Longest pause of a client between two requests, drawn evenly from 0; ms. */
  readonly pauseMs: number;
  /** Every client sends one request only. */
  readonly once?: boolean;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/** What a load saw. Times in ms. */
export interface LoadReport {
  /** Within the window. */
  readonly windowMs: number;
  readonly requests: number;
  readonly events: number;
  /** From the request's last byte written to the first event read, of requests that began in the window. */
  readonly firstToken: Percentiles;
  /** From the engine's stamp on a token to its arrival here, in the window; count 0 without stamps. */
  readonly tokenLatency: Percentiles;
  /** Share of stamped tokens that arrived within one token's time, from 0 to 1. */
  readonly onTime: number;
  /** Over the whole load, ramp and last answers included. */
  readonly allRequests: number;
  readonly allEvents: number;
  readonly allBytes: number;
  /** Sentences about what went wrong, each with how often. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What the load generator is told. */
export type LoadOrder =
  | { readonly kind: 'run'; readonly load: Load; readonly onTimeMs: number }
  /** Opens the streams and reads nothing but their beginnings; answered when all have begun. */
  | { readonly kind: 'hold'; readonly load: Load }
  /** Hangs up what is held. */
  | { readonly kind: 'release' };

/** What the load generator answers, once an order. */
export type LoadAnswer =
  | { readonly kind: 'report'; readonly report: LoadReport }
  | { readonly kind: 'held'; readonly streams: number }
  | { readonly kind: 'released' }
  | { readonly kind: 'failed'; readonly message: string };
