import { pick, type Random, seededRandom } from '../../chaos/random.js';

/** Bodies that no client sends by accident, made of one that is right. The same seed gives the same bodies. */

type Json = Readonly<Record<string, unknown>>;

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

/** Values of no use, whatever member they stand in for. */
const WRONG_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  0.1 + 0.2,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  'a:b:c',
  '%00%2e%2e',
  'ﬀ𝕴\u202e\u200b',
  'x'.repeat(20_000),
  [],
  [[]],
  [null],
  {},
  { '': '' },
  { length: -1 },
  { __proto__: null, toJSON: 1 },
  Array.from({ length: 500 }, (_, index) => index),
];

/** Numbers as no serializer writes them. */
const WRONG_NUMBERS = ['1e999', '-1e999', '1e-999', '9'.repeat(400), '-0', '0.' + '1'.repeat(400)];

/** How a body is spoilt. Each gives the bytes of one. */
const SPOILERS: readonly ((right: Json, random: Random) => Buffer)[] = [
  (right, random) => replaceOne(right, pick(WRONG_VALUES, random), random),
  (right, random) => replaceOne(right, pick(WRONG_VALUES, random), random),
  (right, random) => replaceDeep(right, pick(WRONG_VALUES, random), random),
  (right, random) => replaceDeep(right, pick(WRONG_VALUES, random), random),
  (right, random) => writeRaw(right, pick(WRONG_NUMBERS, random), random),
  (right, random) => nest(right, 10 ** (1 + Math.floor(random() * 5)), random),
  (right, random) => addMember(right, pick(PROTOTYPE_NAMES, random), random),
  (right, random) => duplicateMember(right, random),
  (right, random) => breakBytes(right, random),
  (right, random) => cut(right, random),
  (right) => Buffer.from(`\ufeff${JSON.stringify(right)}`),
  (right) => Buffer.from(`${JSON.stringify(right)} {}`),
  (right) => Buffer.from(`[${JSON.stringify(right)}]`),
];

/** `count` of them. */
export function hostileBodies(right: Json, count: number, seed: number): readonly Buffer[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const spoil = SPOILERS[index % SPOILERS.length] ?? cut;
    return spoil(right, random);
  });
}

function replaceOne(right: Json, value: unknown, random: Random): Buffer {
  return encode({ ...right, [pick(Object.keys(right), random)]: value });
}

/** Replaces something at any depth. */
function replaceDeep(right: Json, value: unknown, random: Random): Buffer {
  const copy = structuredClone(right) as Record<string, unknown>;
  let at: Record<string, unknown> = copy;
  for (;;) {
    const name = pick(Object.keys(at), random);
    const below = at[name];
    if (typeof below !== 'object' || below === null || Object.keys(below).length === 0 || random() < 0.2) {
      at[name] = value;
      return encode(copy);
    }
    at = below as Record<string, unknown>;
  }
}

function writeRaw(right: Json, number: string, random: Random): Buffer {
  const name = pick([...Object.keys(right), 'temperature', 'max_tokens', 'n', 'seed'], random);
  const rest = Object.entries(right).filter(([other]) => other !== name);
  const members = rest.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
  return Buffer.from(`{${[...members, `${JSON.stringify(name)}:${number}`].join(',')}}`);
}

function nest(right: Json, depth: number, random: Random): Buffer {
  const [open, close] = random() < 0.5 ? ['[', ']'] : ['{"a":', '}'];
  const deep = `${open.repeat(depth)}1${close.repeat(depth)}`;
  const name = pick([...Object.keys(right), 'tools', 'metadata', 'response_format'], random);
  const rest = Object.entries(right).filter(([other]) => other !== name);
  const members = rest.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
  return Buffer.from(`{${[...members, `${JSON.stringify(name)}:${deep}`].join(',')}}`);
}

function addMember(right: Json, name: string, random: Random): Buffer {
  const text = JSON.stringify(right);
  const value = pick(
    ['null', '1', '{"polluted":true}', '[]', '"x"', '{"__proto__":{"polluted":true}}'],
    random,
  );
  return Buffer.from(`{${JSON.stringify(name)}:${value},${text.slice(1)}`);
}

function duplicateMember(right: Json, random: Random): Buffer {
  const name = pick(Object.keys(right), random);
  const value = JSON.stringify(pick(WRONG_VALUES, random));
  return Buffer.from(`${JSON.stringify(right).slice(0, -1)},${JSON.stringify(name)}:${value}}`);
}

function breakBytes(right: Json, random: Random): Buffer {
  const bytes = Buffer.from(JSON.stringify({ ...right, pad: 'Grüße 👋 '.repeat(5) }));
  for (let times = 0; times < 3; times++)
    bytes[Math.floor(random() * bytes.length)] = 0x80 + Math.floor(random() * 0x80);
  return bytes;
}

function cut(right: Json, random: Random): Buffer {
  const bytes = encode(right);
  return bytes.subarray(0, Math.floor(random() * bytes.length));
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
