export {
  ConfigurationError,
  processEnvironment,
  readConfig,
  readPlainConfig,
  type Environment,
} from './read-config.js';
export { nearest } from './nearest.js';
export { parseDuration, parseFileMode, parseList, parseSize, UnreadableValue } from './units.js';
export { readRelease } from './release.js';
export { Variable, variableDefaults } from './variable.js';
export { FOREIGN_VARIABLES, VARIABLES } from './variables.js';
