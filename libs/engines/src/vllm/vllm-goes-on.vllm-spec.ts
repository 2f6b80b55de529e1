import { SAFETENSORS_MODEL } from '../__contract__/contract-model.js';
import { describeGoingOn, FURTHER_REQUESTS } from '../__contract__/going-on-contract.js';
import { withInstalledVllm } from './__support__/installed-vllm.js';

withInstalledVllm((engine) => describeGoingOn('vLLM', () => engine, FURTHER_REQUESTS, SAFETENSORS_MODEL));
