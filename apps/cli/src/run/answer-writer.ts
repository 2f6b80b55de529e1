import type { OutputStream } from '../command-context.js';
import type { Colours } from '../output/colours.js';
import { StatusLine } from '../output/status-line.js';
import type { ChatPart } from './ask-chat.js';
import { describeNotice } from './describe-notice.js';

export interface AnswerWriterOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly colours: Colours;
  readonly showThinking: boolean;
}

// oxlint-disable-next-line no-control-regex
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Writes an answer as it comes. Thinking stands before it, dimmed; who reads a pipe gets the answer alone. */
export class AnswerWriter {
  private readonly status: StatusLine;
  private state: 'waiting' | 'thinking' | 'answering' = 'waiting';
  private lineEnded = true;

  constructor(private readonly options: AnswerWriterOptions) {
    this.status = new StatusLine(options.stderr);
  }

  write(part: ChatPart): void {
    if (part.kind === 'notice') {
      if (this.state === 'waiting') this.status.show(describeNotice(part.text));
    } else if (part.kind === 'text') {
      if (this.state === 'thinking') this.print('\n--\n');
      this.state = 'answering';
      this.print(part.text);
    } else {
      this.think(part.text);
    }
  }

  /** What follows begins on a line of its own. */
  end(): void {
    this.status.clear();
    if (!this.lineEnded) this.print('\n');
  }

  private think(text: string): void {
    const { showThinking, colours } = this.options;
    if (!showThinking) {
      this.status.show('Thinking …');
      return;
    }
    if (this.state !== 'thinking') this.print('Thinking:\n');
    this.state = 'thinking';
    this.print(colours.dim(this.fit(text)), text);
  }

  private print(text: string, plain = text): void {
    this.status.clear();
    this.options.stdout.write(this.state === 'answering' ? this.fit(text) : text);
    this.lineEnded = plain.endsWith('\n');
  }

  /** What a model says must not steer a terminal; into a pipe goes every byte. */
  private fit(text: string): string {
    return this.options.stdout.isTTY === true ? text.replaceAll(STEERING, '') : text;
  }
}
