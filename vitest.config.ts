import { defineConfig } from 'vitest/config';

/** Suites by cost: unit (no I/O), deploy (programs that check files), integration (real Redis, real registry), end-to-end (real processes); vllm. */
const source = ['longshore-source'];
const shared = {
  resolve: { conditions: source },
  ssr: { resolve: { conditions: [...source, 'node', 'import', 'default'] } },
};
const roots = '{apps,libs,test,scripts}';

/**
 * Two files at a time: they mostly wait, and more would get into each other's way on a machine of two cores.
 * @param groupOrder place among the suites when several are run at once
 */
const pairs = (groupOrder: number) => ({ maxWorkers: 2, sequence: { groupOrder } });

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: [`${roots}/**/*.spec.ts`],
          setupFiles: ['reflect-metadata'],
          // In a new checkout one of them makes a model first, which takes seconds on a machine with nothing else to do.
          testTimeout: 30_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          // The programs that read what is deployed: `npm run check:deploy` brings them.
          name: 'deploy',
          include: [`${roots}/**/*.deploy-spec.ts`],
          setupFiles: ['reflect-metadata'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...pairs(1),
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: [`${roots}/**/*.int-spec.ts`],
          setupFiles: ['reflect-metadata'],
          testTimeout: 30_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
          ...pairs(2),
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: [`${roots}/**/*.e2e-spec.ts`],
          setupFiles: ['reflect-metadata'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          ...pairs(3),
        },
      },
      {
        ...shared,
        test: {
          // Real vLLM, which takes a minute to start: `npm test vllm`, never without being named.
          name: 'vllm',
          include: [`${roots}/**/*.vllm-spec.ts`],
          setupFiles: ['reflect-metadata'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
