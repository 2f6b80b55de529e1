/** Something a page tells its reader to run. */
export type Step = ShellStep | ProgramStep;

export interface ShellStep {
  readonly kind: 'shell';
  readonly command: string;
  /** What the page says that it prints; `…` stands for anything, also for several lines. Empty = whatever. */
  readonly output: string;
}

export interface ProgramStep {
  readonly kind: 'js' | 'python';
  readonly code: string;
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm;
const PROMPT = '$ ';
const CONTINUED = /\\$/;

/** The console transcripts and programs of a page's section, in their order. @param heading of the section */
export function readSteps(page: string, heading: string): Step[] {
  const section = sectionOf(page, heading);
  return [...section.matchAll(FENCE)].flatMap(([, language = '', text = '']): Step[] => {
    if (language === 'console') return readTranscript(text);
    return language === 'js' || language === 'python' ? [{ kind: language, code: text }] : [];
  });
}

/** Whether a command printed what the page says. How many spaces there are, and empty lines at the end, does not count. */
export function matchesOutput(printed: string, output: string): boolean {
  const tidy = (text: string): string =>
    text
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' ').trimEnd())
      .join('\n')
      .trim();
  const literal = tidy(output).split('…').map(escapeRegExp);
  return new RegExp(`^${literal.join('[\\s\\S]*?')}$`).test(tidy(printed));
}

function sectionOf(page: string, heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`The page has no "${heading}".`);
  const body = page.slice(start + heading.length + 2);
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const end = body.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? body : body.slice(0, end);
}

function readTranscript(text: string): ShellStep[] {
  const steps: { kind: 'shell'; command: string; output: string }[] = [];
  let continues = false;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const step = steps.at(-1);
    if (line.startsWith(PROMPT)) {
      steps.push({ kind: 'shell', command: line.slice(PROMPT.length), output: '' });
    } else if (step === undefined) {
      throw new Error(`"${line}" stands before any command.`);
    } else if (continues) {
      step.command += `\n${line}`;
    } else {
      step.output += `${line}\n`;
    }
    continues = (line.startsWith(PROMPT) || continues) && CONTINUED.test(line);
  }
  return steps;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
