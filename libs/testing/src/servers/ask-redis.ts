import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 20_000;

/**
 * Sends one inline command to a Redis or sentinel and returns the first packet of its answer, as it is on the wire.
 * For set-up: answers must be short.
 */
export function askRedis(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('Redis does not answer.')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('utf8').trim());
    });
    socket.once('close', () => reject(new Error('Redis closed the connection.')));
  });
}
