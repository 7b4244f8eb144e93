/** A prompt in ComfyUI's API format: nodes by their ids. */
export type Graph = Record<string, GraphNode>;

/** A node of a prompt. An input is a value, or a link to an output of another node. */
interface GraphNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title?: string };
}

/** An output of a node: its id, and which of its outputs. */
export type Link = [node: string, slot: number];

/** Whether an input is a link, by the rule of ComfyUI: any list is one. */
export function isLink(value: unknown): value is Link {
  return Array.isArray(value);
}

export type Json = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
