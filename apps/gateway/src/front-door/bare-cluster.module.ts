import { type DynamicModule, Module } from '@nestjs/common';
import { Completions } from '../completions/completions.js';
import { Streams } from '../streams/streams.js';

/** The cluster's own `Completions`, for who puts something before it. */
export const BARE_COMPLETIONS = Symbol('BARE_COMPLETIONS');

/** The cluster's own `Streams`, likewise. */
export const BARE_STREAMS = Symbol('BARE_STREAMS');

/** Gives what a cluster offers as `Completions` and `Streams` other names, so that the names are free. */
@Module({})
export class BareClusterModule {
  static of(cluster: DynamicModule): DynamicModule {
    return {
      module: BareClusterModule,
      imports: [cluster],
      providers: [
        { provide: BARE_COMPLETIONS, useExisting: Completions },
        { provide: BARE_STREAMS, useExisting: Streams },
      ],
      exports: [BARE_COMPLETIONS, BARE_STREAMS],
    };
  }
}
