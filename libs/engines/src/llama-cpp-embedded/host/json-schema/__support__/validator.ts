import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Tells whether a value satisfies a schema, as somebody else's validator sees it. */
export function validatorOf(schema: unknown): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema as object);
  return (value) => validate(value);
}
