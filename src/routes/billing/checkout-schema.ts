import type { JsonSchema } from '../../api/http/route.ts';

const text = { type: 'string' };

/** Where the client goes on. */
export const checkoutSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    "How to pay: `url` is the provider's page, `clientSecret` for its library in the client. Neither is stored.",
  properties: { url: text, clientSecret: text },
};
