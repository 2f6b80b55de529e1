import { getModuleVersion } from 'node-llama-cpp';

/** `system_fingerprint` of every answer: what computed it. */
export const FINGERPRINT = `embedded-node-llama-cpp-${await getModuleVersion()}`;
