// The health check of a gateway's container: asks the gateway of this machine whether it is alive.
import { IsInt, IsString } from 'class-validator';
import { ConfigurationError, processEnvironment, readConfig, Variable } from '#config';
import { checkHealth } from '#lifecycle';

class GatewayAddress {
  @Variable('LONGSHORE_HOST') @IsString() host = '127.0.0.1';
  @Variable('LONGSHORE_PORT') @IsInt() port = 12_434;
  @Variable('LONGSHORE_SOCKET') @IsString() socket = '';
}

const TIMEOUT_MS = 5_000;

/** Alive, not ready: who waits for Redis or for workers must not be killed for it. */
async function main(): Promise<string | undefined> {
  try {
    const { host, port, socket } = readConfig(GatewayAddress, processEnvironment());
    return await checkHealth({ host, port, socket, path: '/health/live' }, TIMEOUT_MS);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

const problem = await main();
if (problem !== undefined) process.stderr.write(`${problem}\n`);
process.exitCode = problem === undefined ? 0 : 1;
