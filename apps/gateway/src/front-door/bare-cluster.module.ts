import { type DynamicModule, Module } from '@nestjs/common';
import { Completions } from '../completions/completions.js';

/** The cluster's own `Completions`, for who puts something before it. */
export const BARE_COMPLETIONS = Symbol('BARE_COMPLETIONS');

/** Gives what a cluster offers as `Completions` another name, so that the name is free. */
@Module({})
export class BareClusterModule {
  static of(cluster: DynamicModule): DynamicModule {
    return {
      module: BareClusterModule,
      imports: [cluster],
      providers: [{ provide: BARE_COMPLETIONS, useExisting: Completions }],
      exports: [BARE_COMPLETIONS],
    };
  }
}
