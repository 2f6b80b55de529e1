import { spawn } from 'node:child_process';

/**
 * Runs one set-up command in `cwd` and resolves when it has ended well. Its output is kept back and becomes part of
 * the error when it fails. The command never reads from the terminal.
 */
export async function runStep({ command, args, cwd, failure, env = process.env }) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const end = await new Promise((resolve) => {
    child.once('error', (error) => resolve({ why: error.message }));
    child.once('close', (code, signal) => resolve(code === 0 ? {} : { why: signal ?? `exit code ${code}` }));
  });
  if (end.why === undefined) return;
  const text = Buffer.concat(output).toString('utf8').trimEnd();
  throw new Error([`${failure} (${end.why}).`, text].filter(Boolean).join('\n'));
}
