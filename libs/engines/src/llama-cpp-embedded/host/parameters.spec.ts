import { describe, expect, it } from 'vitest';
import { PARAMETERS, refuseUnsupported } from './parameters.js';

const refused = Object.entries(PARAMETERS).filter(([, standing]) => typeof standing === 'object');

describe('refuseUnsupported', () => {
  it.each(refused.map(([name]) => name))('refuses %s by name when it asks for something', (name) => {
    expect(() => refuseUnsupported({ [name]: 'something' })).toThrow(`does not support '${name}'`);
  });

  it.each(refused.flatMap(([name, neutral]) => [...neutral, null].map((value) => [name, value] as const)))(
    'takes %s: %j, which asks for nothing',
    (name, value) => expect(() => refuseUnsupported({ [name]: value })).not.toThrow(),
  );

  it('says what was asked and what to do', () => {
    expect(() => refuseUnsupported({ mirostat: 2 })).toThrow(
      "The embedded llama.cpp engine does not support 'mirostat': 2. Leave it out, or run a worker that has llama-server.",
    );
  });

  it('takes parameters it honours, parameters that change nothing, and names it does not know', () => {
    expect(() =>
      refuseUnsupported({ temperature: 0.5, user: 'me', metadata: { a: 1 }, of_tomorrow: true }),
    ).not.toThrow();
  });
});
