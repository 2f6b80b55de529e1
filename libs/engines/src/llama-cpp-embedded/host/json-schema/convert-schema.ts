import { isObject, show, type JsonObject } from '../fields.js';
import { arrayNode } from './array-schema.js';
import { areDisjoint } from './disjoint-schemas.js';
import type { GrammarBuilder } from './grammar-builder.js';
import { NEVER, choice, text, type GrammarNode } from './grammar-node.js';
import { constraintsOf, kindsOf, type Kind } from './keywords.js';
import { literalNode } from './literal-values.js';
import { mergeSchemas } from './merge-schemas.js';
import { numberNode } from './number-schema.js';
import { objectNode } from './object-schema.js';
import { resolveReference } from './resolve-reference.js';
import { refuseKeyword, refuseSchema } from './refuse-schema.js';
import { stringNode } from './string-schema.js';

const STEP_LIMIT = 10_000;
const DEPTH_LIMIT = 100;
const ALTERNATIVE_LIMIT = 200;

/**
 * Turns one schema, with all that it refers to, into grammar. Whatever the grammar allows satisfies the schema; of what
 * the schema allows, the grammar may leave out what nobody asks a model for, such as other spellings of a number.
 */
export class SchemaConverter {
  readonly #root: unknown;
  readonly #builder: GrammarBuilder;
  readonly #owner: string;
  #steps = 0;
  #depth = 0;

  /** @param owner - tells apart the references of several schemas in one grammar */
  constructor(root: unknown, builder: GrammarBuilder, owner = '') {
    this.#root = root;
    this.#builder = builder;
    this.#owner = owner;
  }

  /** @throws RequestError that names what cannot be kept, and where; RangeError where the stack does not reach */
  convert(): GrammarNode {
    return this.#convert(this.#root, '#');
  }

  readonly #convert = (schema: unknown, place: string): GrammarNode => {
    if (schema === false) return NEVER;
    if (schema === true) return this.#anyValue();
    this.#enter(place);
    const node = this.#convertOne(readSchema(schema, place), place);
    this.#depth -= 1;
    return node;
  };

  #convertOne(schema: JsonObject, place: string): GrammarNode {
    const keywords = constraintsOf(schema, place);
    const names = Object.keys(keywords);
    const [only] = names;
    if (only === undefined) return this.#anyValue();
    // What stands alone needs no merging, so references stay references, also to themselves.
    if (names.length === 1) {
      if (only === '$ref') return this.#reference(keywords['$ref'], place);
      if (only === 'anyOf' || only === 'oneOf') return this.#alternatives(keywords[only], only, place);
      const members = keywords[only];
      if (only === 'allOf' && Array.isArray(members) && members.length === 1)
        return this.#convert(members[0], `${place}/allOf/0`);
    }
    return choice(...this.#flatten(schema, place).map((flat) => this.#convertFlat(flat, place)));
  }

  #alternatives(list: unknown, keyword: 'anyOf' | 'oneOf', place: string): GrammarNode {
    const members = readList(list, keyword, place);
    const at = (index: number): string => `${place}/${keyword}/${index}`;
    if (keyword === 'oneOf') {
      const groups = members.map((member, index) => this.#flatten(member, at(index)));
      this.#checkDisjoint(groups, place);
    }
    return choice(...members.map((member, index) => this.#convert(member, at(index))));
  }

  /** A schema without references and alternatives. */
  #convertFlat(schema: JsonObject, place: string): GrammarNode {
    const literals = literalNode(schema, place);
    if (literals !== undefined) return literals;
    if (Object.keys(schema).length === 0) return this.#anyValue();
    return choice(...kindsOf(schema, place).map((kind) => this.#convertKind(kind, schema, place)));
  }

  #convertKind(kind: Kind, schema: JsonObject, place: string): GrammarNode {
    const builder = this.#builder;
    switch (kind) {
      case 'object':
        return builder.own(objectNode(schema, builder, place, this.#convert));
      case 'array':
        return builder.own(arrayNode(schema, builder, place, this.#convert));
      case 'string':
        return builder.own(stringNode(schema, builder, place));
      case 'number':
      case 'integer':
        return builder.own(numberNode(schema, kind, builder, place));
      case 'boolean':
        return choice(text('true'), text('false'));
      default:
        return text('null');
    }
  }

  #anyValue(): GrammarNode {
    const kinds = ['object', 'array', 'string', 'number', 'boolean', 'null'] as const;
    return this.#builder.shared('value', () =>
      choice(...kinds.map((kind) => this.#convertKind(kind, {}, '#'))),
    );
  }

  #reference(reference: unknown, place: string): GrammarNode {
    const { pointer, schema } = resolveReference(this.#root, reference, place);
    return this.#builder.shared(`$ref ${this.#owner} ${pointer}`, () => this.#convert(schema, pointer));
  }

  /** Schemas without references and alternatives; who satisfies one of them satisfies `schema`. */
  #flatten(schema: unknown, place: string): readonly JsonObject[] {
    if (schema === false) return [];
    if (schema === true) return [{}];
    this.#enter(place);
    const { $ref, allOf, anyOf, oneOf, nullable, ...own } = constraintsOf(readSchema(schema, place), place);
    let flat: readonly JsonObject[] = [nullable === true ? withNull(own, place) : own];
    if ($ref !== undefined) {
      const target = resolveReference(this.#root, $ref, place);
      flat = this.#cross(flat, this.#flatten(target.schema, target.pointer), place);
    }
    for (const [index, member] of readList(allOf, 'allOf', place).entries())
      flat = this.#cross(flat, this.#flatten(member, `${place}/allOf/${index}`), place);
    for (const [keyword, list] of [
      ['anyOf', anyOf],
      ['oneOf', oneOf],
    ] as const) {
      if (list === undefined) continue;
      const base = flat;
      const groups = readList(list, keyword, place).map((member, index) =>
        this.#cross(base, this.#flatten(member, `${place}/${keyword}/${index}`), place),
      );
      if (keyword === 'oneOf') this.#checkDisjoint(groups, place);
      flat = groups.flat();
    }
    this.#depth -= 1;
    return flat;
  }

  #cross(left: readonly JsonObject[], right: readonly JsonObject[], place: string): readonly JsonObject[] {
    if (left.length * right.length > ALTERNATIVE_LIMIT)
      throw refuseSchema(place, `combines more than ${ALTERNATIVE_LIMIT} alternatives`);
    return left.flatMap((a) =>
      right.map((b) => mergeSchemas(a, b, place)).filter((merged) => merged !== false),
    );
  }

  /** A grammar cannot tell that a value satisfies only one, so it must be plain that none satisfies two. */
  #checkDisjoint(groups: readonly (readonly JsonObject[])[], place: string): void {
    for (const [index, group] of groups.entries())
      for (const other of groups.slice(index + 1))
        for (const a of group)
          for (const b of other) {
            if (++this.#steps > STEP_LIMIT) throw refuseSchema('#', 'is too large');
            if (!areDisjoint(a, b, place))
              throw refuseKeyword(
                'oneOf',
                place,
                "has alternatives that one value may satisfy together; use 'anyOf', or tell them apart by a required property with a 'const'",
              );
          }
  }

  #enter(place: string): void {
    if (++this.#steps > STEP_LIMIT) throw refuseSchema('#', 'is too large');
    if (++this.#depth > DEPTH_LIMIT)
      throw refuseSchema(
        place.slice(0, 200),
        `is nested deeper than ${DEPTH_LIMIT} levels, or refers to itself without end`,
      );
  }
}

/** `nullable` comes from OpenAPI and speaks of schemas with a type. */
function withNull(schema: JsonObject, place: string): JsonObject {
  if (schema['type'] === undefined) return schema;
  return { ...schema, type: [...kindsOf(schema, place), 'null'] };
}

function readSchema(schema: unknown, place: string): JsonObject {
  if (isObject(schema)) return schema;
  throw refuseSchema(place, `must be an object, true or false, but is ${show(schema)}`);
}

function readList(list: unknown, keyword: string, place: string): readonly unknown[] {
  if (list === undefined) return [];
  if (Array.isArray(list) && list.length > 0) return list;
  throw refuseKeyword(keyword, place, `must be a list of schemas, but is ${show(list)}`);
}
