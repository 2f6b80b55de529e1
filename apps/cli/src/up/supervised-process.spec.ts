import { expect, it, vi } from 'vitest';
import { LaunchProblem } from './launch-problem.js';
import { SupervisedProcess, type ProcessPlan } from './supervised-process.js';

it('does not start what was stopped before its turn came', async () => {
  const spawn = vi.fn<ProcessPlan['spawn']>();
  const plan = { name: 'worker-1', spawn, whenReady: async () => undefined } as unknown as ProcessPlan;
  const child = new SupervisedProcess(plan, { say: () => undefined, onChange: () => undefined });
  await child.stop(1_000);
  await expect(child.start()).rejects.toBeInstanceOf(LaunchProblem);
  expect(spawn).not.toHaveBeenCalled();
});
