import { type Complaint, complain, describeException } from './complaint.ts';
import type { Files } from './files.ts';
import { type Graph, isObject } from './graph.ts';
import { findClass } from './nodes/classes.ts';
import { type Judged, judgeNode } from './validate-node.ts';

/** What is wrong with the inputs of each node. */
type NodeErrors = Record<
  string,
  { errors: Complaint[]; dependent_outputs: string[]; class_type: string }
>;

/** The outputs that may run, or why none may. */
export type Verdict =
  | { outputs: string[]; nodeErrors: NodeErrors }
  | { error: Complaint; nodeErrors: NodeErrors };

/**
 * Checks a prompt as ComfyUI does (execution.py, `validate_prompt`): outputs that fail are left out,
 * as long as one passes. Values are converted in place: `"20"` → 20 for an integer.
 */
export function validatePrompt(graph: Graph, files: Files, targets?: string[]): Verdict {
  const outputs: string[] = [];
  for (const [id, node] of Object.entries(graph)) {
    if (!isObject(node) || !('class_type' in node)) {
      const message = 'Cannot execute because a node is missing the class_type property.';
      return { error: complain('invalid_prompt', message, `Node ID '#${id}'`), nodeErrors: {} };
    }
    const found = findClass(node.class_type);
    if (!found) {
      const message = `Cannot execute because node ${node.class_type} does not exist.`;
      return { error: complain('invalid_prompt', message, `Node ID '#${id}'`), nodeErrors: {} };
    }
    if (found.output_node && (!targets || targets.includes(id))) outputs.push(id);
  }
  if (outputs.length === 0) {
    return { error: complain('prompt_no_outputs', 'Prompt has no outputs', ''), nodeErrors: {} };
  }
  return judgeOutputs(graph, files, outputs);
}

function judgeOutputs(graph: Graph, files: Files, outputs: string[]): Verdict {
  const judged: Judged = new Map();
  const nodeErrors: NodeErrors = {};
  const good: string[] = [];
  const lines: string[] = [];
  for (const output of outputs) {
    let isGood = false;
    try {
      isGood = judgeNode(graph, files, output, judged, []);
    } catch (error) {
      judged.set(output, [describeException('exception_during_validation', error)]);
    }
    if (isGood) {
      good.push(output);
      continue;
    }
    for (const { message, details } of judged.get(output) || [])
      lines.push(`${message}: ${details}`);
    for (const [id, errors] of judged) {
      if (!errors || errors.length === 0) continue;
      nodeErrors[id] ??= {
        errors,
        dependent_outputs: [],
        class_type: graph[id]?.class_type ?? '',
      };
      nodeErrors[id].dependent_outputs.push(output);
    }
  }
  if (good.length > 0) return { outputs: good, nodeErrors };
  const message = 'Prompt outputs failed validation';
  return {
    error: complain('prompt_outputs_failed_validation', message, lines.join('\n')),
    nodeErrors,
  };
}
