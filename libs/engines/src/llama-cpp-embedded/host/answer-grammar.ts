import { GRAMMAR_DEPTH_LIMIT, grammarDepth } from '../../grammar-depth.js';
import { readObject, readString, type JsonObject } from './fields.js';
import { unsupported } from './parameters.js';
import { badRequest } from './request-error.js';

/** GBNF of one JSON object. Space between its parts is at most one blank, so that no model gets lost in white space. */
export const JSON_OBJECT_GRAMMAR = String.raw`root ::= object
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" space (member ("," space member)*)? "}"
member ::= string ":" space value space
array ::= "[" space (value space ("," space value space)*)? "]"
string ::= "\"" character* "\""
character ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" hex hex hex hex)
hex ::= [0-9a-fA-F]
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
space ::= " "?
`;

/** GBNF that the answer must follow, if any. @throws RequestError that names what cannot be honoured. */
export function decodeAnswerGrammar(body: JsonObject): string | undefined {
  const grammar = readString(body, 'grammar');
  if (grammar !== undefined && grammarDepth(grammar) > GRAMMAR_DEPTH_LIMIT)
    throw badRequest(`'grammar' nests its brackets deeper than ${GRAMMAR_DEPTH_LIMIT} levels.`);
  const format = readObject(body, 'response_format');
  const type = format === undefined ? 'text' : readString(format, 'type');
  if (type === 'text' || type === undefined) return grammar === '' ? undefined : grammar;
  if (type !== 'json_object' || format?.['schema'] !== undefined)
    throw unsupported(`'response_format': ${type === 'json_object' ? 'a schema' : `type "${type}"`}`);
  if (grammar !== undefined && grammar !== '')
    throw badRequest("'grammar' and 'response_format' cannot be used together.");
  return JSON_OBJECT_GRAMMAR;
}
