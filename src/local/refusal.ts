/** A reason not to start that is the user's to mend: shown as its sentence alone, without a stack. */
export class Refusal extends Error {
  override name = 'Refusal';
}
