/**
 * An error that the user can fix, such as a wrong setting: its message is shown without a stack.
 */
export class Refusal extends Error {
  override name = 'Refusal';
}
