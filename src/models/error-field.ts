import { Schema } from 'mongoose';

const schema = new Schema(
  {
    code: { type: String, required: true, maxlength: 64 },
    message: { type: String, required: true, maxlength: 1000 },
  },
  { _id: false },
);

/** Why something failed: a stable code, and a sentence for people. Set by the server. */
export const errorField = { type: schema, server: true } as const;
