import { describeGoingOn } from '../__contract__/going-on-contract.js';
import { EmbeddedLlamaEngine } from './embedded-llama-engine.js';

describeGoingOn(
  'EmbeddedLlamaEngine',
  () => new EmbeddedLlamaEngine({ environment: process.env, gpu: 'off' }),
);
