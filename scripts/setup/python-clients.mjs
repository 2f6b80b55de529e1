import { join } from 'node:path';
import { findProgram } from './find-program.mjs';
import { ensurePythonProgram } from './python-environment.mjs';

/** Clients of the gateway that are written in Python, which tests drive. */
const PACKAGES = ['openai==3.54.0', 'schemathesis==4.32.5'];
/** Raise it whenever what is installed changes. */
const EDITION = '1';

/**
 * The path of a Python that has them: PYTHON_CLIENTS_PATH, else what an earlier run has installed into
 * `.cache/python-clients`, else one that is made there now, in some seconds and 150 MB.
 * @throws Error with a sentence when there is none and none can be made
 */
export function ensurePythonClients(root, say) {
  return ensurePythonProgram({
    root,
    say,
    variable: 'PYTHON_CLIENTS_PATH',
    name: 'python-clients',
    version: EDITION,
    program: 'python',
    failure: 'The clients in Python could not be installed; set PYTHON_CLIENTS_PATH, or solve what was said',
    prepare: () => {
      if (findProgram('python3') === undefined)
        throw new Error(
          'Install Python 3.10 or newer, or set PYTHON_CLIENTS_PATH to one that has the packages.',
        );
      say(`Installing ${PACKAGES.join(' and ')}; this takes some seconds.`);
    },
    fill: async ({ folder, step, install }) => {
      await install(...PACKAGES);
      await step(join(folder, 'bin', 'python'), '-c', 'import openai, schemathesis');
    },
  });
}
