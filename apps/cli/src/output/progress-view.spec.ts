import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ProgressLine } from '#contracts';
import type { OutputStream } from '../command-context.js';
import { coloursFor, wantsColours } from './colours.js';
import { layerLine, progressView } from './progress-view.js';
import { RedrawnLines } from './redrawn-lines.js';
import { formatTable } from './table.js';

function stream(facts: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
  let text = '';
  const writable = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream: Object.assign(writable, facts) as OutputStream, text: () => text };
}

const LAYER = `sha256:${'ab'.repeat(32)}`;
const progress = (current: number, id: string | undefined = LAYER): ProgressLine => ({
  type: 'progress',
  message: 'Downloaded',
  total: 3_000_000,
  layer: { ...(id === undefined ? {} : { id }), size: 1_000_000, current },
  mode: 'pull',
});
const words = (message: string): ProgressLine => ({
  type: 'progress',
  message,
  total: 0,
  layer: { size: 0, current: 0 },
  mode: 'pull',
});

describe('progressView', () => {
  it('prints plain lines when nobody watches: the sum at the end and no escape codes', () => {
    const { stream: output, text } = stream();
    const view = progressView(output, 'pull');
    view.show(words('Waiting for a worker…'));
    view.show(words('Waiting for a worker…'));
    for (let current = 0; current <= 1_000_000; current += 1_000) view.show(progress(current));
    view.show(progress(500_000, 'second'));
    view.end();
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toBe('Waiting for a worker…');
    expect(lines.filter((line) => line.startsWith('Waiting'))).toHaveLength(1);
    expect(lines.at(-1)).toBe('Downloaded 1.50MB of 3.00MB');
    expect(lines.length).toBeLessThan(10);
    expect(text()).not.toContain('\u001b');
  });

  it('redraws a line for each layer on a terminal and ends on an empty line', () => {
    const { stream: output, text } = stream({ isTTY: true, columns: 80, rows: 24 });
    const view = progressView(output, 'pull');
    view.show(progress(500_000));
    view.show(progress(1_000_000));
    view.end();
    expect(text()).toContain('\u001b[1A');
    expect(text().endsWith('abababababab: Pull complete 1.00MB\n\u001b[0J')).toBe(true);
  });
});

describe('layerLine', () => {
  it.each([
    [0, 100, 'abababababab: Waiting'],
    [50, 100, 'abababababab: Downloading   [===============>              ] 50.00B/100.00B'],
    [100, 100, 'abababababab: Pull complete 100.00B'],
    [50, 0, 'abababababab: Downloading   50.00B'],
  ])('shows %i of %i', (current, size, line) => {
    expect(layerLine({ id: LAYER, current, size }, 'pull')).toBe(line);
  });
});

describe('RedrawnLines', () => {
  it('cuts lines to the width and draws only the last ones that fit', () => {
    const { stream: output, text } = stream({ isTTY: true, columns: 10, rows: 3 });
    new RedrawnLines(output).draw(['one', 'two', 'three three three'], { now: true });
    expect(text()).not.toContain('one');
    expect(text()).toContain('three thr\n');
  });
});

describe('formatTable', () => {
  it('lines columns up, without blanks at the ends of lines', () => {
    expect(
      formatTable(
        ['A', 'LONG'],
        [
          ['wide one', 'x'],
          ['', 'y\n\u001b[2Jz'],
        ],
      ),
    ).toBe('A         LONG\nwide one  x\n          y [2Jz');
  });
});

describe('wantsColours', () => {
  const none = { noColor: '', forceColor: '' };
  it.each([
    [{ isTTY: true }, none, true],
    [{}, none, false],
    [{ isTTY: true }, { ...none, noColor: '1' }, false],
    [{}, { ...none, forceColor: '1' }, true],
    [{ isTTY: true }, { ...none, forceColor: '0' }, false],
    [{ isTTY: true }, { noColor: '1', forceColor: '1' }, false],
  ])('decides for %o and %o: %s', (output, config, wanted) => {
    expect(wantsColours(output, config)).toBe(wanted);
  });

  it('leaves text as it is when there are to be none', () => {
    expect([coloursFor(false).red('x'), coloursFor(true).red('x')]).toEqual(['x', '\u001b[31mx\u001b[39m']);
  });
});
