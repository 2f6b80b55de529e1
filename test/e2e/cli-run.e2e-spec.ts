import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, makeTemporaryFolder, SCRIPTS } from '#testing';
import { startBalancer } from './support/balancer.js';
import { CLI, type CliOptions, type CliProcess, runCli, startCli } from './support/run-cli.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 2, workers: 1, engine: 'llama-server' });

const LOOP = ['Please', '!loop', 'now.'];
const TOKENS = 3_000;
const KEYS = { ctrlC: '\u0003', ctrlD: '\u0004', enter: '\r' } as const;

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
});

const url = (): string => shared.cluster.gateway().url;
const run = (args: readonly string[], options?: CliOptions) => runCli(url(), ['run', ...args], options);

async function busySlots(): Promise<number> {
  const text = await (await fetch(`${shared.cluster.gateway(1).url}/metrics`)).text();
  return Number(/^longshore_worker_busy_slots\{.*\} (\d+)$/m.exec(text)?.[1] ?? NaN);
}

const untilBusy = (slots: number, within = 20_000): Promise<number> =>
  eventually(busySlots, (busy) => busy === slots, { within, what: `${slots} slots to be busy` });

describe('longshore run with a prompt', () => {
  it('prints the answer alone into a pipe, and what it took beside it', async () => {
    const { code, out, error } = await run([model, 'Please !think now.'], { stdin: 'Some words.' });
    expect({ code, out }).toEqual({ code: 0, out: `${SCRIPTS.think.text}\n` });
    expect(error).toMatch(/^Token usage: \d+ prompt \+ \d+ completion = \d+ total\n$/);
  });

  it('takes the prompt from a pipe alone', async () => {
    expect((await run([model], { stdin: SCRIPTS.say.prompt })).out).toBe(`${SCRIPTS.say.text}\n`);
  });

  it('shows on a terminal what the model thinks, before the answer', async () => {
    const { code, out } = await run([model, 'Please !think now.'], {
      terminal: true,
      environment: { NO_COLOR: '1' },
    });
    expect(code).toBe(0);
    expect(out).toContain(`Thinking:\r\n${SCRIPTS.think.reasoning}\r\n--\r\n${SCRIPTS.think.text}\r\n`);
  });

  it('tells everything of the answer as JSON', async () => {
    const { out } = await run([model, SCRIPTS.json.prompt, '--json', '--format', 'json']);
    const answer = JSON.parse(out) as { text: string };
    expect(answer).toMatchObject({
      model,
      finish_reason: 'stop',
      usage: { completion_tokens: expect.any(Number) },
      timings: { first_token_ms: expect.any(Number), total_ms: expect.any(Number) },
      request_id: expect.stringMatching(/\.\d+$/),
      reconnections: 0,
    });
    expect(JSON.parse(answer.text)).toEqual(SCRIPTS.json.value);
  });

  it('says on a terminal where the request waits, and clears that away before the answer', async () => {
    const others = Array.from({ length: 4 }, () => startCli(url(), ['run', model, ...LOOP]));
    await untilBusy(4);
    const waiting = startCli(url(), ['run', model, SCRIPTS.say.prompt], { terminal: true });
    await waiting.says(/Waiting in the queue, number 1/);
    for (const each of others) each.child.kill('SIGINT');
    const { code, out } = await waiting.ended;
    expect(code).toBe(0);
    expect(out).toContain(`\r\u001b[2K${SCRIPTS.say.text.slice(0, 5)}`);
    await Promise.all(others.map((each) => each.ended));
  });

  it('only loads the model with --detach', async () => {
    await runCli(url(), ['unload', '--all']);
    expect(await run(['-d', model])).toEqual({ code: 0, out: '', error: '' });
    expect((await runCli(url(), ['ps'])).out).toContain('llama.cpp');
  });
});

describe('an answer that is interrupted', () => {
  it('by Ctrl-C is given up by the engine within a second, and the command ends with 130', async () => {
    const asking = startCli(url(), ['run', model, ...LOOP]);
    await asking.says(/la-le/);
    await untilBusy(1);
    asking.child.kill('SIGINT');
    const started = performance.now();
    await untilBusy(0, 5_000);
    console.info(`The engine was free ${Math.round(performance.now() - started)} ms after Ctrl-C`);
    expect((await asking.ended).code).toBe(130);
  });
});

describe('an answer that nobody reads any more', () => {
  it('is given up by the engine, and that is no failure', async () => {
    const command = `"${process.execPath}" "${CLI}" run "${model}" ${LOOP.join(' ').replace('!', '\\!')} | head -c 6; exit "\${PIPESTATUS[0]}"`;
    const env = { PATH: process.env['PATH'] ?? '', MODEL_RUNNER_HOST: url() };
    const reading = spawn('bash', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(reading, 'close');
    reading.stdout.resume();
    const [code] = (await ended) as [number];
    expect(code).toBe(0);
    await untilBusy(0, 5_000);
  });
});

describe('an answer whose gateway is killed', () => {
  const whole = `${SCRIPTS.loop.textOf(TOKENS)}\n`;

  /** In few words, because of the length of the text. */
  async function outcomeOf(asking: CliProcess) {
    const { code, out, error } = await asking.ended;
    return { code, length: out.length, same: out === whole, error };
  }

  const complete = {
    code: 0,
    length: whole.length,
    same: true,
    error: expect.stringMatching(/^Token usage: \d+ prompt \+ 3000 completion/m),
  };

  it('goes on through another one behind the same address, every byte once', async () => {
    const victim = await shared.cluster.addGateway();
    const balancer = await startBalancer([victim.url, shared.cluster.gateway().url]);
    const asking = startCli(balancer.url, ['run', model, '--max-tokens', String(TOKENS), ...LOOP]);
    try {
      await asking.says(/la-le/);
      await victim.kill('SIGKILL');
      expect(asking.out().length).toBeLessThan(whole.length);
      expect(await outcomeOf(asking)).toEqual(complete);
    } finally {
      await balancer.close();
    }
  });

  it('goes on when the gateway is there again, every byte once', async () => {
    const victim = await shared.cluster.addGateway();
    const asking = startCli(victim.url, ['run', model, '--max-tokens', String(TOKENS), ...LOOP]);
    await asking.says(/la-le/);
    await victim.kill('SIGKILL');
    await shared.cluster.restartGateway(victim.name);
    expect(await outcomeOf(asking)).toEqual(complete);
  });
});

describe('longshore top', () => {
  it('shows who is busy, what waits and how fast it goes, and leaves the terminal as it was', async () => {
    const asking = Array.from({ length: 8 }, () => startCli(url(), ['run', model, ...LOOP]));
    await untilBusy(4);
    const live = startCli(url(), ['top'], { terminal: true });
    const { code, out } = await runCli(url(), ['top', '--json', '--interval', '500ms']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      redis_up: true,
      workers: [{ variant: 'cpu', engines: ['llama.cpp'], sessions: 1, busy_slots: 4, slots: 4 }],
      models: [{ waiting: expect.any(Number), active: 4, workers: 1 }],
    });
    expect((JSON.parse(out) as { tokens_per_second: number }).tokens_per_second).toBeGreaterThan(0);
    await live.says(/4 of 4 slots busy, [1-9]\d* waiting/);
    live.child.stdin?.write('q');
    const end = await live.ended;
    expect(end.code).toBe(0);
    expect(end.out.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    for (const each of asking) each.child.kill('SIGINT');
    await Promise.all(asking.map((each) => each.ended));
    await untilBusy(0);
  });

  it('outlives its gateway, and goes when it is asked to end', async () => {
    const victim = await shared.cluster.addGateway();
    const live = startCli(victim.url, ['top'], { terminal: true });
    await live.says(/1 worker, 0 of \d+ slots busy/);
    await victim.kill('SIGKILL');
    await live.says(/No cluster answers at/);
    await shared.cluster.restartGateway(victim.name);
    const before = live.out().length;
    await eventually(
      () => live.out().slice(before),
      (drawn) => drawn.includes('1 worker'),
      {
        within: 20_000,
        what: 'the view to come back',
      },
    );
    live.child.stdin?.write(KEYS.ctrlC);
    const end = await live.ended;
    expect(end.code).toBe(0);
    expect(end.out.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  });
});

describe('a conversation', () => {
  it('on a terminal remembers what was said, takes settings, and outlives Ctrl-C', async () => {
    const home = await makeTemporaryFolder('conversation');
    const environment = { NO_COLOR: '1', LONGSHORE_DATA: home.path };
    const talk = startCli(url(), ['run', model], { terminal: true, environment });
    const prompts = (): number => talk.out().split('\u001b[0J> ').length - 1;
    const type = async (text: string, answer: RegExp): Promise<void> => {
      const before = prompts();
      talk.child.stdin?.write(text);
      await talk.says(answer);
      await eventually(prompts, (count) => count > before, { within: 20_000, what: 'the next prompt' });
    };
    try {
      await eventually(prompts, (count) => count === 1, { within: 20_000, what: 'the first prompt' });
      await type(`${SCRIPTS.say.prompt}${KEYS.enter}`, /scripted model\.\r\nToken usage: (\d+) prompt/);
      await type(`"""Hello${KEYS.enter}${SCRIPTS.json.prompt}"""${KEYS.enter}`, /"ok": true\}/);
      const [first = 0, second = 0] = [...talk.out().matchAll(/usage: (\d+) prompt/g)].map(([, n]) =>
        Number(n),
      );
      expect(second).toBeGreaterThan(first);
      await type(`/set system Be terse.${KEYS.enter}`, /Set system message\./);
      await type(`/set parameter num_ctx 2048${KEYS.enter}`, /Set num_ctx to 2048\./);
      await type(`/nonsense${KEYS.enter}`, /"\/nonsense" is not a command/);
      talk.child.stdin?.write(`${LOOP.join(' ')}${KEYS.enter}`);
      await talk.says(/la-le-li-lo-lu/);
      await type(KEYS.ctrlC, /Stopped\./);
      await untilBusy(0, 5_000);
      await type(KEYS.ctrlC, /Use Ctrl-D or \/bye to end\./);
      talk.child.stdin?.write(KEYS.ctrlD);
      expect((await talk.ended).code).toBe(0);
      const again = startCli(url(), ['run', model], { terminal: true, environment });
      await again.says(/\[0J> /);
      again.child.stdin?.write(`\u001b[A`);
      await again.says(/> Please !loop now\./);
      again.child.stdin?.write(`\u0015/bye${KEYS.enter}`);
      expect((await again.ended).code).toBe(0);
    } finally {
      talk.child.kill('SIGKILL');
      await home.remove();
    }
  });
});
