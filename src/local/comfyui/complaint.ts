import type { Json } from './graph.ts';

/** Something wrong with a prompt or an input, as ComfyUI says it. */
export interface Complaint {
  type: string;
  message: string;
  details: string;
  extra_info: Json;
}

/** Says what is wrong, in ComfyUI's form. */
export function complain(
  type: string,
  message: string,
  details: string,
  extra_info: Json = {},
): Complaint {
  return { type, message, details, extra_info };
}

/** What Python would throw. */
export class Exception extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Says what was thrown while a node was checked. */
export function describeException(type: string, error: unknown): Complaint {
  if (!(error instanceof Exception)) throw error;
  const isInner = type === 'exception_during_inner_validation';
  const message = `Exception when validating ${isInner ? 'inner ' : ''}node`;
  const extra = { exception_type: error.type, traceback: [] };
  return complain(type, message, error.message, extra);
}
