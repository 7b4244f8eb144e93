import type { Graph } from '../../../models/generation/comfyui/workflow-graph.ts';
import {
  MOST_INPUTS,
  type OutputKind,
  type ParameterType,
  type WorkflowOutput,
  type WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';

/** The inputs that people want to set, by their name, and of which type each is. */
const WANTED: [input: RegExp, type: ParameterType, value: 'number' | 'string'][] = [
  [/^(noise_)?seed$/, 'SEED', 'number'],
  [/^(text|prompt|lyrics|tags)(_\w+)?$/, 'STRING', 'string'],
  [/^(steps|width|height|length|frames|batch_size)$/, 'INTEGER', 'number'],
  [/^(cfg|denoise|strength|seconds|duration|fps)$/, 'NUMBER', 'number'],
];

/** What takes a file, and which kind. */
const LOADERS = new Map<string, [input: string, type: ParameterType]>([
  ['LoadImage', ['image', 'IMAGE']],
  ['LoadImageMask', ['image', 'IMAGE']],
  ['LoadAudio', ['audio', 'AUDIO']],
  ['LoadVideo', ['file', 'VIDEO']],
]);

const MOST = 100;
const MOST_OUTPUTS = 20;

/** Suggests what of a graph may be set: seeds, texts, sizes, and the files that it loads. */
export function suggestParameters(graph: Graph): WorkflowParameter[] {
  const names = new Set<string>();
  let media = 0;
  return Object.entries(graph)
    .flatMap(([node, { class_type, inputs }]) =>
      Object.entries(inputs).flatMap(([input, value]): WorkflowParameter[] => {
        const path = `${node}.inputs.${input}`;
        if (path.length > 200 || !PATH.test(path)) return [];
        const [loaded, kind] = LOADERS.get(class_type) ?? [];
        if (kind && input === loaded) {
          if (++media > MOST_INPUTS) return [];
          return [{ name: chooseName(names, input), type: kind, path, required: true }];
        }
        const wanted = WANTED.find(([name, , type]) => name.test(input) && typeof value === type);
        if (!wanted) return [];
        const type = wanted[1] === 'INTEGER' && !Number.isSafeInteger(value) ? 'NUMBER' : wanted[1];
        const name = chooseName(names, input);
        // A seed is drawn anew each time; a long text stays in the graph alone.
        const isLong = typeof value === 'string' && value.length > 2000;
        if (type === 'SEED' || isLong) return [{ name, type, path }];
        return [{ name, type, path, default: value }];
      }),
    )
    .slice(0, MOST);
}

const PATH = /^[\w:-]+\.inputs\.[\w. :-]+$/;

function chooseName(names: Set<string>, input: string): string {
  const base =
    input
      .replace(/\W/g, '_')
      .replace(/^[^A-Za-z]+/, '')
      .slice(0, 56) || 'value';
  let name = base;
  for (let n = 2; names.has(name); n++) name = `${base}_${n}`;
  names.add(name);
  return name;
}

/** The nodes of a graph that save something, with what they save. */
export function suggestOutputs(graph: Graph): WorkflowOutput[] {
  return Object.entries(graph)
    .flatMap(([node, { class_type }]): WorkflowOutput[] => {
      const kind = SAVERS.find(([name]) => name.test(class_type))?.[1];
      return kind ? [{ node, kind }] : [];
    })
    .slice(0, MOST_OUTPUTS);
}

const SAVERS: [name: RegExp, kind: OutputKind][] = [
  [/^Save(Animated\w+|Image\w*)$/, 'IMAGE'],
  [/^(SaveVideo|SaveWEBM|VHS_VideoCombine)$/, 'VIDEO'],
  [/^SaveAudio\w*$/, 'AUDIO'],
];
