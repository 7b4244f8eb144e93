import { type Complaint, complain } from './complaint.ts';
import { isObject } from './graph.ts';
import type { InputType } from './nodes/node-class.ts';

/**
 * Converts a value of an input as Python would, and checks its bounds and options.
 * @param hasOwnRule whether the class checks this input itself, so that bounds and options do not count
 */
export function checkValue(
  inputs: Record<string, unknown>,
  name: string,
  [type, bounds = {}]: InputType,
  hasOwnRule: boolean,
): Complaint | undefined {
  let value = inputs[name];
  if (isObject(value) && '__value__' in value) value = value.__value__; // a list that is no link
  const extra = { input_name: name, input_config: [type, bounds], received_value: value };
  const converted = convert(value, type);
  if (converted === undefined) {
    const message = `Failed to convert an input value to a ${type} value`;
    const reason = `invalid value for ${String(type).toLowerCase()}: '${String(value)}'`;
    const info = { ...extra, exception_message: reason };
    return complain('invalid_input_type', message, `${name}, ${String(value)}, ${reason}`, info);
  }
  inputs[name] = converted;
  if (hasOwnRule) return undefined;
  const info = { ...extra, received_value: converted };
  if (typeof bounds.min === 'number' && Number(converted) < bounds.min) {
    const message = `Value ${converted} smaller than min of ${bounds.min}`;
    return complain('value_smaller_than_min', message, name, info);
  }
  if (typeof bounds.max === 'number' && Number(converted) > bounds.max) {
    const message = `Value ${converted} bigger than max of ${bounds.max}`;
    return complain('value_bigger_than_max', message, name, info);
  }
  const options = Array.isArray(type) ? type : type === 'COMBO' ? bounds.options : undefined;
  if (!Array.isArray(options) || options.includes(converted)) return undefined;
  const isLong = options.length > 20;
  const list = isLong ? `(list of length ${options.length})` : `[${options.map(quote).join(', ')}]`;
  return complain(
    'value_not_in_list',
    'Value not in list',
    `${name}: '${converted}' not in ${list}`,
    {
      ...info,
      input_config: isLong ? null : [type, bounds],
    },
  );
}

const quote = (option: unknown) => `'${option}'`;

// `undefined` where Python's int() or float() would throw.
function convert(value: unknown, type: string | string[]): unknown {
  if (type === 'STRING') return typeof value === 'string' ? value : String(value);
  if (type === 'BOOLEAN') return Boolean(value);
  if (type !== 'INT' && type !== 'FLOAT') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const isNumeral =
    type === 'INT' ? /^\s*[+-]?\d+\s*$/ : /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
  if (typeof value === 'string' && !isNumeral.test(value)) return undefined;
  return type === 'INT' ? Math.trunc(Number(value)) : Number(value);
}
