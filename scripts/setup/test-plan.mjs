import { relative } from 'node:path';

/** The suites, cheapest first. The last one is no suite of vitest. */
const PROJECTS = ['unit', 'deploy', 'integration', 'e2e', 'chaos'];

/** Takes a minute for every start of an engine and gigabytes of disk, so it runs only when it is named. */
const ASKED_FOR = ['vllm'];

/**
 * Which suites to run, and what to pass on to vitest: leading words that are suites' names choose, else all run. Chaos
 * has no tests to choose from, so it is left out where tests are named and it is not.
 */
export function planTests(args) {
  const other = args.findIndex((arg) => ![...PROJECTS, ...ASKED_FOR].includes(arg));
  const chosen = other < 0 ? args : args.slice(0, other);
  const rest = args.slice(chosen.length);
  const all = rest.length === 0 ? PROJECTS : PROJECTS.filter((project) => project !== 'chaos');
  return {
    projects:
      chosen.length === 0 ? all : [...PROJECTS, ...ASKED_FOR].filter((project) => chosen.includes(project)),
    rest,
  };
}

/**
 * Counts tests in vitest's JSON report. A file that could not be loaded counts as one failed test, as does a run that
 * went wrong without a report or without a test that says so.
 */
export function countTests(report, exitCode) {
  const files = report?.testResults ?? [];
  const broken = files.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const counts = {
    passed: report?.numPassedTests ?? 0,
    failed: (report?.numFailedTests ?? 0) + broken,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  };
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Long enough for an assertion and where it stands. */
const MESSAGE_LENGTH = 1_000;

/** What to say at the end of a suite in which something failed: each test, and each file that could not be loaded. */
export function listFailures(report, exitCode, root) {
  const named = (report?.testResults ?? []).flatMap((file) => {
    const path = relative(root, file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (file.status === 'failed' && file.assertionResults.length === 0)
      return [`${path}\n${indent(file.message)}`];
    return failed.map((test) => `${path} > ${test.fullName}\n${indent(test.failureMessages[0])}`);
  });
  return named.length === 0 && exitCode !== 0 ? [`ended with exit code ${exitCode}`] : named;
}

function indent(message = '') {
  return message.trim().slice(0, MESSAGE_LENGTH).replaceAll(/^/gm, '    ');
}

export function addCounts(left, right) {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

/** The exit code of a whole run: nothing failed, and something ran. */
export function exitCodeOf({ passed, failed }) {
  return failed > 0 || passed === 0 ? 1 : 0;
}
