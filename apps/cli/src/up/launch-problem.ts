/** Something the user can put right stands in the way. The message says what, and what to do about it. */
export class LaunchProblem extends Error {
  override readonly name = 'LaunchProblem';
}
