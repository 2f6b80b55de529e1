import { describe, expect, it } from 'vitest';
import { explainSglangEnd, sglangLackedMemory } from './error-patterns.js';

const end = (line: string, served = false) => ({
  code: 1,
  signal: null,
  asked: false,
  served,
  lastLines: ['Traceback (most recent call last):', line],
});

describe('explainSglangEnd', () => {
  it.each([
    ['RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.', 'not enough memory'],
    ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB', 'not enough memory'],
    ['launch_server.py: error: unrecognized arguments: --nonsense', 'does not know the arguments --nonsense'],
    [
      "launch_server.py: error: argument --page-size: invalid int value: 'x'",
      'refused its argument --page-size',
    ],
    ['[Errno 98] error while attempting to bind: address already in use', 'port was taken'],
    ["ModuleNotFoundError: No module named 'flashinfer'", 'lacks the Python module flashinfer'],
    ['RuntimeError: No accelerator (CUDA, XPU, HPU) is available.', 'no accelerator'],
    ['ValueError: Something of its own', 'the model cannot be loaded: Something of its own'],
  ])('reads %j', (line, expected) => {
    expect(explainSglangEnd(end(line))).toContain(expected);
  });

  it('knows when memory was what it lacked, while loading', () => {
    const line = 'torch.OutOfMemoryError: CUDA out of memory.';
    expect(sglangLackedMemory(end(line))).toBe(true);
    expect(sglangLackedMemory(end(line, true))).toBe(false);
    expect(sglangLackedMemory(end('ValueError: no'))).toBe(false);
  });
});
