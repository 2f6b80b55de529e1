import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a stand-in does in place of an engine. */
export type Misbehaviour =
  /** Loads for ever, or is stopped while it does. */
  | 'loads-for-ever'
  | 'is-stopped'
  /** Takes connections and says nothing, or nothing that is HTTP. */
  | 'says-nothing'
  | 'talks-garbage'
  /** Prints `lastWords` and ends while it loads. */
  | 'gives-up'
  /** Is ready; streams for ever, says nothing, talks garbage, or breaks off. Starts a program of its own before. */
  | 'streams-for-ever'
  | 'never-answers'
  | 'answers-garbage'
  | 'breaks-off';

export interface StandIn {
  readonly behaviour: Misbehaviour;
  readonly lastWords?: string;
}

/**
 * Writes a program that takes the command line of any engine and fails as it is told to. It tells a version and flags
 * like an engine; `GET /open` tells how many requests it has open.
 * @returns its path, that of a program; with `.mjs` behind it, that of a module for Node
 */
export async function writeStandIn(folder: string, standIn: StandIn): Promise<string> {
  const source = join(folder, 'stand-in.mjs');
  await writeFile(source, `${PROGRAM}\nmain(${JSON.stringify(standIn)});\n`);
  const path = join(folder, 'stand-in');
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${source}' "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

const PROGRAM = String.raw`
import { spawn } from 'node:child_process';
import { createServer as createHttp } from 'node:http';
import { createServer as createPlain } from 'node:net';

const words = process.argv.slice(2);
const after = (flag) => words[words.indexOf(flag) + 1];
const FLAGS = '--host HOST --port PORT --uds PATH --served-model-name NAME --offline';

function main({ behaviour, lastWords }) {
  if (words.some((word) => /^(--)?version$/.test(word))) return console.log('sglang version: 1.2.3\nversion: 1.2.3\n1.2.3');
  if (words.some((word) => word.startsWith('--help'))) return console.log(FLAGS);
  process.on('SIGTERM', () => process.exit(0));
  const host = after('--host');
  const socket = words.find((word) => word.startsWith('--socket='))?.slice('--socket='.length);
  const where = socket ? { path: socket } : words.includes('--uds') ? { path: after('--uds') }
    : host.endsWith('.sock') ? { path: host } : { host, port: Number(after('--port')) };
  BEHAVIOURS[behaviour](where, lastWords);
}

const forEver = () => setInterval(() => undefined, 1_000);
const BEHAVIOURS = {
  'loads-for-ever': forEver,
  'is-stopped': () => { forEver(); process.kill(process.pid, 'SIGSTOP'); },
  'says-nothing': (where) => createPlain(() => undefined).listen(where),
  'talks-garbage': (where) => createPlain((socket) => socket.on('error', () => undefined).end('\x00garbage\r\n')).listen(where),
  'gives-up': (_, lastWords) => { console.error(lastWords); process.exitCode = 1; },
  'streams-for-ever': (where) => serve(where, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'), 5);
    response.on('close', () => clearInterval(timer));
  }),
  'never-answers': (where) => serve(where, () => undefined),
  'answers-garbage': (where) => serve(where, (response) => response.socket.end('garbage\r\n\r\n')),
  'breaks-off': (where) => serve(where, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\ndata: {"cho', () => response.destroy());
  }),
};

function serve(where, misbehave) {
  spawn('/bin/sh', ['-c', 'sleep 600; :', process.argv[1]]);
  let open = 0;
  createHttp((request, response) => {
    if (request.url === '/health') return response.end();
    if (request.url === '/open') return response.end(String(open));
    open += 1;
    response.on('close', () => { open -= 1; });
    request.resume().on('end', () => misbehave(response));
  }).listen(where);
}
`;
