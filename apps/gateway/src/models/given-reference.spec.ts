import { expect, it } from 'vitest';
import { RouteFailure } from '../http/failure.js';
import { decodeRepackage, decodeTag } from './decode-action.js';
import { decodePackage } from './decode-package.js';
import { givenReference } from './given-reference.js';

const DIGESTED = `ai/x@sha256:${'0'.repeat(64)}`;

it('fills in a name that a model is to be given', () => {
  expect(givenReference('x', 'docker.io')).toBe('docker.io/ai/x:latest');
  expect(givenReference('localhost:5000/a/b:c', 'docker.io')).toBe('localhost:5000/a/b:c');
});

it('gives no model a digest as its name, which would say what is in it', () => {
  const refusal = 'a digest cannot be given';
  expect(() => givenReference(DIGESTED, 'docker.io')).toThrow(RouteFailure);
  expect(() => givenReference(DIGESTED, 'docker.io')).toThrow(refusal);
  expect(() => decodePackage({ target: DIGESTED }, 'docker.io')).toThrow(refusal);
  const repackaging = JSON.stringify({ target: DIGESTED, context_size: 1_024 });
  expect(() => decodeRepackage(repackaging, 'docker.io')).toThrow(refusal);
  expect(() => decodeTag({ repo: 'x@sha256', tag: '0'.repeat(64) }, 'docker.io')).toThrow(refusal);
});
