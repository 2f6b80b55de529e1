import { describe, expect, it } from 'vitest';
import { matchesOutput, readSteps } from './transcript.js';

const PAGE = `# Page

## Before

\`\`\`console
$ not this
\`\`\`

## Use it

\`\`\`console
$ one --flag \\
    'and more'
first
second …
$ two
\`\`\`

### Below

\`\`\`js
await three();
\`\`\`

\`\`\`sh
shown only
\`\`\`

## After
`;

describe('readSteps', () => {
  it('reads what a section tells its reader to run', () => {
    expect(readSteps(PAGE, '## Use it')).toEqual([
      { kind: 'shell', command: "one --flag \\\n    'and more'", output: 'first\nsecond …\n' },
      { kind: 'shell', command: 'two', output: '' },
      { kind: 'js', code: 'await three();\n' },
    ]);
  });

  it('says that a section is missing', () => {
    expect(() => readSteps(PAGE, '## Gone')).toThrow(/no "## Gone"/);
  });
});

describe('matchesOutput', () => {
  it.each([
    ['a\nb\n', 'a\nb'],
    ['a  \nb', 'a\nb\n'],
    ['a 1 2 b', 'a … b'],
    ['a\n1\n2\nb', 'a\n…\nb'],
    ['$1.50 (x)', '$1.50 (x)'],
    ['NAME      SIZE\nx         1', 'NAME  SIZE\nx     1'],
  ])('takes %j for %j', (printed, output) => {
    expect(matchesOutput(printed, output)).toBe(true);
  });

  it.each([
    ['a\nc', 'a\nb'],
    ['xa 1 b', 'a … b'],
    ['a1b', 'a.b'],
    ['', 'a'],
  ])('does not take %j for %j', (printed, output) => {
    expect(matchesOutput(printed, output)).toBe(false);
  });
});
