import Joi from 'joi';

/** A setting whose text is JSON of this form. */
export function jsonSetting(schema: Joi.Schema): Joi.StringSchema {
  return Joi.string().custom((text: string, { message }) => {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch (error) {
      return message({ custom: `{{#label}} is no JSON: ${(error as Error).message}` });
    }
    const { value, error } = schema.validate(given, { abortEarly: false });
    if (!error) return value;
    return message({ custom: `{{#label}}: ${error.message.replaceAll('{', '(')}` });
  });
}
