import { Schema } from 'mongoose';
import { anyJson } from '../../../data/entity.ts';
import { MOST_SOURCES } from '../../media/media-fields.ts';

const MEDIA_TYPES = ['IMAGE', 'AUDIO', 'VIDEO'] as const;
/** What an execution may set. SEED and NONCE are numbers that are drawn unless given, or always. */
const PARAMETER_TYPES = [
  ...(['STRING', 'INTEGER', 'NUMBER', 'BOOLEAN', 'SEED', 'NONCE'] as const),
  ...MEDIA_TYPES,
] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** Whether the value of a parameter of this type is the id of a medium. */
export function takesMedium(type: ParameterType): boolean {
  return (MEDIA_TYPES as readonly string[]).includes(type);
}

/** The most media that a run is given: as many as a medium names that it was made from. */
export const MOST_INPUTS = MOST_SOURCES;

/** The most files of one execution that become media. */
export const MOST_OUTPUTS = 100;

export const OUTPUT_KINDS = ['IMAGE', 'VIDEO', 'AUDIO', 'TRACK'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** A named value of a graph, as it is stored. */
export interface WorkflowParameter {
  name: string;
  type: ParameterType;
  /** `6.inputs.text` */
  path: string;
  default?: unknown;
  min?: number | null;
  max?: number | null;
  enum?: string[] | null;
  required?: boolean | null;
}

export interface WorkflowOutput {
  node: string;
  kind: OutputKind;
}

function makeParameterSchema() {
  return new Schema(
    {
      name: { type: String, required: true, match: /^[A-Za-z][A-Za-z0-9_]{0,63}$/ },
      type: {
        type: String,
        required: true,
        enum: PARAMETER_TYPES,
        description:
          'IMAGE, AUDIO and VIDEO take the id of a medium, whose file is sent along. SEED: a whole number, drawn unless it is given. NONCE: drawn each time, so that nothing is taken from the cache.',
      },
      path: {
        type: String,
        required: true,
        maxlength: 200,
        match: /^[\w:-]+\.inputs\.[\w. :-]+$/,
        description:
          'The input in the graph that it sets: `6.inputs.text`; in a subgraph `57:8.inputs.seed`.',
      },
      default: anyJson(8192, { description: 'The value where none is given: `20`.' }),
      min: { type: Number, description: 'The lowest value of a number.' },
      max: { type: Number, description: 'The highest value of a number.' },
      enum: {
        type: [{ type: String, maxlength: 255 }],
        default: undefined,
        maxItems: 100,
        description: 'The allowed values, if not all are.',
      },
      required: { type: Boolean },
    },
    { _id: false },
  );
}

function makeOutputSchema() {
  return new Schema(
    {
      node: {
        type: String,
        required: true,
        maxlength: 64,
        description: 'The id of the node that produces it.',
      },
      kind: {
        type: String,
        required: true,
        enum: OUTPUT_KINDS,
        description: 'TRACK: a song of the project, which it then needs.',
      },
    },
    { _id: false },
  );
}

/** The lists of what may be set, and of what is stored, of a workflow or one of its revisions. */
export const parameterList = () => ({ type: [makeParameterSchema()], maxItems: 100 }) as const;
export const outputList = () => ({ type: [makeOutputSchema()], maxItems: 20 }) as const;
