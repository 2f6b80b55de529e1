import 'reflect-metadata';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { quickCheckOf } from './quick-check.js';

/** An envelope, body or document that is not of its declared shape. `problems` names each field and its rule. */
export class ContractViolation extends Error {
  override readonly name = 'ContractViolation';

  constructor(
    readonly contract: string,
    readonly problems: readonly string[],
  ) {
    super(`${contract}: ${problems.join('; ')}`);
  }
}

/**
 * Turns plain data into a checked instance of a contract class. Fields the class does not declare are kept out.
 * @throws ContractViolation naming every field that is wrong.
 */
export function checkContract<T extends object>(contract: ClassConstructor<T>, data: unknown): T {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new ContractViolation(contract.name, ['must be an object']);
  }
  return quickCheckOf(contract)?.(data) ?? checkInFull(contract, data);
}

/** The same, with a look at every rule. @throws ContractViolation */
export function checkInFull<T extends object>(contract: ClassConstructor<T>, data: object): T {
  const instance = plainToInstance(contract, data);
  const errors = validateSync(instance, {
    whitelist: true,
    validationError: { target: false, value: false },
  });
  if (errors.length > 0)
    throw new ContractViolation(
      contract.name,
      errors.flatMap((error) => describe(error)),
    );
  return instance;
}

/** @throws ContractViolation also when the text is not JSON. */
export function parseContract<T extends object>(contract: ClassConstructor<T>, json: string): T {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw new ContractViolation(contract.name, ['is not JSON']);
  }
  return checkContract(contract, data);
}

function describe(error: ValidationError, path = ''): string[] {
  const field = path ? `${path}.${error.property}` : error.property;
  const own = Object.values(error.constraints ?? {}).map((message) =>
    message.startsWith(error.property)
      ? `${field}${message.slice(error.property.length)}`
      : `${field}: ${message}`,
  );
  return [...own, ...(error.children ?? []).flatMap((child) => describe(child, field))];
}
