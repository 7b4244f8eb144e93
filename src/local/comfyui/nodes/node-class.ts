import type { Files } from '../files.ts';
import type { Graph, Json } from '../graph.ts';
import type { Picture } from './picture.ts';

/** What a node may use while it runs. */
export interface Work {
  files: Files;
  /** The whole prompt, which pictures carry. */
  graph: Graph;
  extra: Json;
  ffmpeg: string;
}

/** What a node has made: a value for each of its outputs, and what the history shows. */
export interface Made {
  values: unknown[];
  ui?: Record<string, unknown[]>;
  /** What a client is shown at each step. */
  preview?: Picture | undefined;
}

export type Inputs = Record<string, unknown>;

/** What a class of nodes does. What its inputs and outputs are is in `object-info.json`. */
export interface Behaviour {
  run(inputs: Inputs, work: Work): Made | Promise<Made>;
  /** In how many steps it works; by default it reports none. */
  steps?(inputs: Inputs): number;
  /** The options of inputs that are not the same on every server, such as the uploaded files. */
  options?(files: Files): Record<string, string[]>;
  /** Inputs that its own rule checks in place of the list of options: what is wrong, if anything is. */
  check?(inputs: Inputs, files: Files): Record<string, string | undefined>;
  /** What, beside its inputs, decides whether an earlier result is still right. */
  fingerprint?(inputs: Inputs, files: Files): string;
}

/** The type of an input: a name such as `IMAGE`, or the options of a combo; and its bounds. */
export type InputType = [type: string | string[], bounds?: Json];

/** What `/object_info` says of a class. */
export interface ClassInfo {
  input: Partial<Record<'required' | 'optional' | 'hidden', Record<string, InputType | string>>>;
  input_order: Record<string, string[]>;
  output: string[];
  output_is_list: boolean[];
  output_name: string[];
  name: string;
  display_name: string;
  description: string;
  python_module: string;
  category: string;
  output_node: boolean;
  [more: string]: unknown;
}

/** A node was interrupted, by whoever asked for it. */
export class Interrupted extends Error {}

/** What Python would throw, by the name of its class. */
export class NodeError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}
