import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { nearest } from './nearest.js';
import { UnreadableValue } from './units.js';
import { fieldsOf, parserFor, type VariableField } from './variable.js';
import { VARIABLES } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. The only place that reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** All that is wrong with the environment, by variable name and never by value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * Fills a configuration class from the environment; unset variables keep the class's defaults. What decorators of
 * class-validator say of its fields must hold.
 * @throws ConfigurationError that lists every problem at once.
 */
export function readConfig<T extends object>(Config: new () => T, environment: Environment): T {
  const { config, problems } = fill(Config, environment);
  problems.push(...brokenRules(config));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return config;
}

/**
 * The same for a class whose variables may have any value that can be read; it has no such decorators. Programs that are
 * done in a moment use it, because they need not load class-validator.
 * @throws ConfigurationError that lists every problem at once.
 */
export function readPlainConfig<T extends object>(Config: new () => T, environment: Environment): T {
  const { config, problems } = fill(Config, environment);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return config;
}

interface Filled<T> {
  readonly config: T;
  readonly problems: string[];
}

function fill<T extends object>(Config: new () => T, environment: Environment): Filled<T> {
  const config = new Config();
  const values = config as Record<string, unknown>;
  const fields = fieldsOf(Config);
  const problems = [...unknownVariables(environment)];

  for (const field of fields) {
    try {
      const text = readVariable(field, environment);
      if (text !== undefined)
        values[field.property] = (field.parse ?? parserFor(values[field.property]))(text);
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
      problems.push(`${field.name} ${error.message}`);
    }
  }
  return { config, problems };
}

/** Classes with rules have loaded the package already; here it is loaded when the first of them is filled. */
function* brokenRules(config: object): Iterable<string> {
  const { validateSync } = createRequire(import.meta.url)(
    'class-validator',
  ) as typeof import('class-validator');
  const nameOf = new Map(fieldsOf(config.constructor).map(({ property, name }) => [property, name]));
  for (const { property, constraints = {} } of validateSync(config)) {
    for (const message of Object.values(constraints))
      yield message.replace(property, nameOf.get(property) ?? property);
  }
}

function readVariable({ name }: VariableField, environment: Environment): string | undefined {
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '') return environment[name] === '' ? undefined : environment[name];
  if (environment[name]) throw new UnreadableValue(`and ${name}_FILE are both set; set one`);
  try {
    const text = readFileSync(file, 'utf8').trimEnd();
    return text === '' ? undefined : text;
  } catch {
    throw new UnreadableValue(`cannot be read from the file that ${name}_FILE names`);
  }
}

function* unknownVariables(environment: Environment): Iterable<string> {
  const known = Object.keys(VARIABLES);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('LONGSHORE_') || known.includes(name.replace(/_FILE$/, ''))) continue;
    yield `${name} is not a variable of Longshore; did you mean ${nearest(name, known)}?`;
  }
}
