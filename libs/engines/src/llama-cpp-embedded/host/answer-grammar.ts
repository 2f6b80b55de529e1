import type { Demand, Tool } from './demand.js';
import { SchemaConverter } from './json-schema/convert-schema.js';
import { GrammarBuilder } from './json-schema/grammar-builder.js';
import {
  EMPTY,
  characters,
  choice,
  optional,
  repeat,
  sequence,
  text,
  type GrammarNode,
} from './json-schema/grammar-node.js';
import { refuseSchema } from './json-schema/refuse-schema.js';
import type { ReadingOptions } from './reading/answer-reader.js';
import { callFormatOf, type CallFormat } from './reading/call-format.js';
import { RequestError, badRequest } from './request-error.js';

/**
 * GBNF of what an answer must be: what is demanded, behind the reasoning that the model may do first.
 * @throws RequestError for a schema that cannot be kept.
 */
export function answerGrammar(demand: Demand, reading: ReadingOptions): string | undefined {
  if (demand.kind === 'none') return undefined;
  if (demand.kind === 'grammar') return demand.grammar;
  try {
    const builder = new GrammarBuilder();
    const isHarmony = reading.reasoning === 'harmony';
    const node =
      demand.kind === 'schema'
        ? sequence(
            isHarmony ? text('<|channel|>final<|message|>') : EMPTY,
            new SchemaConverter(demand.schema, builder).convert(),
          )
        : callsNode(demand.tools, reading, builder);
    return builder.write(sequence(reasoningNode(reading.reasoning), node));
  } catch (error) {
    // Schemas, and values in them, may be nested deeper than the stack reaches.
    if (error instanceof RangeError) throw refuseSchema('#', 'is nested too deep');
    throw error;
  }
}

/** Reasoning ends with its closing tag; it cannot hold anything that looks like the beginning of one. */
function reasoningNode(reasoning: ReadingOptions['reasoning']): GrammarNode {
  const before = (mark: string): GrammarNode => {
    const code = mark.codePointAt(0) ?? 0;
    const second = mark.codePointAt(1) ?? 0;
    const isNo = (point: number): GrammarNode =>
      characters([
        [0, point - 1],
        [point + 1, 0x10ffff],
      ]);
    return repeat(choice(isNo(code), sequence(text(mark.slice(0, 1)), isNo(second))), 0, undefined);
  };
  const space = repeat(
    characters([
      [9, 10],
      [32, 32],
    ]),
    0,
    4,
  );
  switch (reasoning) {
    case 'opened':
      return sequence(before('</'), text('</think>'), space);
    case 'possible':
      return optional(sequence(text('<think>'), before('</'), text('</think>'), space));
    case 'harmony':
      return optional(
        sequence(text('<|channel|>analysis<|message|>'), before('<|'), text('<|end|><|start|>assistant')),
      );
    default:
      return EMPTY;
  }
}

function callsNode(
  tools: readonly Tool[],
  { reasoning, calls }: ReadingOptions,
  builder: GrammarBuilder,
): GrammarNode {
  const format = calls?.format ?? callFormatOf('');
  if (reasoning === 'harmony') {
    const before = '<|channel|>commentary to=functions.';
    const after = ' <|constrain|>json<|message|>';
    return choice(
      ...tools.map(({ name, ...tool }) =>
        sequence(text(before + name + after), parametersNode({ name, ...tool }, builder)),
      ),
    );
  }
  const { first, separator, last } = format.written;
  const call = builder.own(choice(...tools.map((tool) => callNode(tool, format, builder))));
  const more =
    calls?.parallel === true ? repeat(builder.own(sequence(text(separator), call)), 0, undefined) : EMPTY;
  return sequence(text(first), call, more, text(last));
}

function callNode(tool: Tool, { written }: CallFormat, builder: GrammarBuilder): GrammarNode {
  const { beforeName, afterName, afterArguments } = written;
  return sequence(
    text(beforeName + tool.name + afterName),
    parametersNode(tool, builder),
    text(afterArguments),
  );
}

/** @throws RequestError that names the tool. */
function parametersNode({ name, parameters }: Tool, builder: GrammarBuilder): GrammarNode {
  try {
    return new SchemaConverter(withObject(parameters), builder, name).convert();
  } catch (error) {
    if (error instanceof RequestError && error.status === 400)
      throw badRequest(`The parameters of the tool "${name}" cannot be kept. ${error.message}`);
    throw error;
  }
}

/** Arguments are always an object. */
function withObject(parameters: unknown): unknown {
  const isSilent =
    typeof parameters === 'object' && parameters !== null && Object.keys(parameters).length === 0;
  return isSilent ? { type: 'object' } : parameters;
}
