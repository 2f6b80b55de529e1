import { SAFETENSORS_MODEL } from '../__contract__/contract-model.js';
import { describeEngineContract } from '../__contract__/engine-contract.js';
import { withInstalledVllm } from '../__contract__/installed-vllm.js';

withInstalledVllm((engine) => describeEngineContract('vLLM', () => engine, SAFETENSORS_MODEL));
