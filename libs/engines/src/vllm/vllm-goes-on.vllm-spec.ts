import { SAFETENSORS_MODEL } from '../__contract__/contract-model.js';
import { describeGoingOn, FURTHER_REQUESTS } from '../__contract__/going-on-contract.js';
import { withInstalledVllm } from '../__contract__/installed-vllm.js';

// Of a text that is not drawn vLLM refuses to give two.
const requests = FURTHER_REQUESTS.filter(([title]) => title !== 'two choices');

withInstalledVllm((engine) => describeGoingOn('vLLM', () => engine, requests, SAFETENSORS_MODEL));
