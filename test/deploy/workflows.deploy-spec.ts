import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTool, run } from './tools.js';

const lacks = (tool: string): boolean => findTool(tool) === undefined;

const CARELESS = `name: Careless
on: pull_request_target
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: echo \${{ github.event.pull_request.title }}
`;

async function inCareless<Result>(work: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-workflow-'));
  const file = join(folder, 'careless.yml');
  try {
    await writeFile(file, CARELESS);
    return await work(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.skipIf(lacks('actionlint'))('actionlint', () => {
  it.each(['ci', 'release'])('finds nothing in the workflow %s', async (name) => {
    const { code, output } = await run('actionlint', [`.github/workflows/${name}.yml`]);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain('passed');
  });

  it('finds a command that strangers can write', async () => {
    const { code, output } = await inCareless((file) => run('actionlint', [file]));
    expect(code).not.toBe(0);
    expect(output).toContain('untrusted');
  });
});

describe.skipIf(lacks('zizmor'))('zizmor', () => {
  it('finds nothing in the workflows', async () => {
    const { code, output } = await run('zizmor', ['--offline', '--no-progress', '.github/workflows']);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain('No findings');
  });

  it('finds an action that is not pinned', async () => {
    const { code, output } = await inCareless((file) => run('zizmor', ['--offline', '--no-progress', file]));
    expect(code).not.toBe(0);
    expect(output).toContain('unpinned-uses');
  });
});
