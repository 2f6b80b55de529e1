export {
  ConfigurationError,
  processEnvironment,
  readConfig,
  readPlainConfig,
  type Environment,
} from './read-config.js';
export { nearest } from './nearest.js';
export {
  parseBoolean,
  parseDuration,
  parseFileMode,
  parseList,
  parseNumber,
  parseSize,
  UnreadableValue,
} from './units.js';
export { readRelease } from './release.js';
export { Variable, variableDefaults } from './variable.js';
export { FOREIGN_VARIABLES, VARIABLES, type ForeignVariableName, type VariableName } from './variables.js';
