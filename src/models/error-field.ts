import { Schema } from 'mongoose';

function makeErrorSchema() {
  return new Schema(
    {
      code: { type: String, required: true, maxlength: 64, description: 'Stable, for programs.' },
      message: { type: String, required: true, maxlength: 1000, description: 'For people.' },
    },
    { _id: false },
  );
}

/** Why something failed: a stable code, and a message for people. Set by the server. */
export const errorField = () =>
  ({
    type: makeErrorSchema(),
    server: true,
    personal: 'none',
    description: 'Why it failed.',
  }) as const;
