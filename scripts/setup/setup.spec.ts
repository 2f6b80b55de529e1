import { describe, expect, it } from 'vitest';

interface TestPlan {
  readonly planTests: (args: string[]) => { projects: string[]; rest: string[] };
  readonly countTests: (report: object | undefined, exitCode: number) => Counts;
  readonly listFailures: (report: object | undefined, exitCode: number, root: string) => string[];
  readonly exitCodeOf: (counts: Counts) => number;
}
interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
interface Packages {
  readonly planPackages: (
    programs: Record<string, string>,
    has: (program: string) => boolean,
    root: 'yes' | 'sudo' | 'no',
  ) => { commands?: string[][]; sentence?: string };
}

const load = async (file: string): Promise<unknown> => import(new URL(file, import.meta.url).href);
const { planTests, countTests, exitCodeOf, listFailures } = (await load('./test-plan.mjs')) as TestPlan;
const { planPackages } = (await load('./debian-packages.mjs')) as Packages;

describe('planTests', () => {
  it.each([
    [[], ['unit', 'deploy', 'integration', 'e2e', 'chaos'], []],
    [['chaos'], ['chaos'], []],
    [['unit'], ['unit'], []],
    [
      ['vllm', 'unit', '-t', 'x'],
      ['unit', 'vllm'],
      ['-t', 'x'],
    ],
    [['e2e', 'unit'], ['unit', 'e2e'], []],
    [
      ['libs/queue', '-t', 'unit'],
      ['unit', 'deploy', 'integration', 'e2e'],
      ['libs/queue', '-t', 'unit'],
    ],
    [['integration', 'libs/queue'], ['integration'], ['libs/queue']],
  ])('reads %j', (args, projects, rest) => {
    expect(planTests(args)).toEqual({ projects, rest });
  });
});

describe('countTests', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [{ status: 'passed', assertionResults: [{}] }],
  };

  it('counts todo tests as skipped', () => {
    expect(countTests(report, 0)).toEqual({ passed: 5, failed: 0, skipped: 3 });
  });

  it('counts a file that could not be loaded as a failed test', () => {
    const testResults = [...report.testResults, { status: 'failed', assertionResults: [] }];
    expect(countTests({ ...report, testResults }, 1)).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });

  it('counts a run that failed without saying where as a failed test', () => {
    expect(countTests(report, 1).failed).toBe(1);
    expect(countTests(undefined, 137)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('listFailures', () => {
  it('names each test that failed, with what it said', () => {
    const passed = { status: 'passed', fullName: 'a cat purrs', failureMessages: [] };
    const failed = {
      status: 'failed',
      fullName: 'a cat barks',
      failureMessages: ['AssertionError: no\n  at cat.ts:3'],
    };
    const testResults = [
      { name: '/home/me/libs/cat.spec.ts', status: 'failed', assertionResults: [passed, failed] },
    ];
    expect(listFailures({ testResults }, 1, '/home/me')).toEqual([
      'libs/cat.spec.ts > a cat barks\n    AssertionError: no\n      at cat.ts:3',
    ]);
  });

  it('names files that could not be loaded, and nothing when all is well', () => {
    const broken = {
      name: '/r/a.spec.ts',
      status: 'failed',
      message: 'no such module',
      assertionResults: [],
    };
    expect(listFailures({ testResults: [broken] }, 1, '/r')).toEqual(['a.spec.ts\n    no such module']);
    expect(listFailures({ testResults: [] }, 0, '/r')).toEqual([]);
    expect(listFailures(undefined, 137, '/r')).toEqual(['ended with exit code 137']);
  });
});

describe('exitCodeOf', () => {
  it('is 0 only when something passed and nothing failed', () => {
    expect(exitCodeOf({ passed: 1, failed: 0, skipped: 0 })).toBe(0);
    expect(exitCodeOf({ passed: 1, failed: 1, skipped: 0 })).toBe(1);
    expect(exitCodeOf({ passed: 0, failed: 0, skipped: 3 })).toBe(1);
  });
});

describe('planPackages', () => {
  const programs = { 'redis-server': 'redis', 'docker-registry': 'registry' };
  const has =
    (...present: string[]) =>
    (program: string): boolean =>
      present.includes(program);

  it('does nothing when all programs are there', () => {
    expect(planPackages(programs, has('redis-server', 'docker-registry'), 'no')).toEqual({ commands: [] });
  });

  it('installs only what is missing, through sudo where that asks for no password', () => {
    const { commands } = planPackages(programs, has('redis-server', 'apt-get'), 'sudo');
    expect(commands?.at(-1)?.join(' ')).toMatch(/^sudo -n .*apt-get install .* registry$/);
  });

  it('names what is missing and the command where it may not install', () => {
    expect(planPackages(programs, has('apt-get'), 'no').sentence).toBe(
      'The tests need redis-server and docker-registry; install with: sudo apt-get install --yes --no-install-recommends redis registry',
    );
  });

  it('names what is missing where there is no apt', () => {
    expect(planPackages(programs, has('redis-server'), 'yes').sentence).toBe(
      'docker-registry is missing; the tests need it on the PATH.',
    );
  });
});
