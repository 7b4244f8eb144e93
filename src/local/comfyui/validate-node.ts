import { type Complaint, complain, describeException, Exception } from './complaint.ts';
import type { Files } from './files.ts';
import { type Graph, isLink, isObject } from './graph.ts';
import { describeClass, findClass } from './nodes/classes.ts';
import type { InputType } from './nodes/node-class.ts';
import { checkValue } from './validate-value.ts';

/** The nodes that were judged: what is wrong with each, or `false` if only with what it needs. */
export type Judged = Map<string, Complaint[] | false>;

/**
 * Checks a node and what it takes from (execution.py, `validate_inputs`).
 * @throws Exception where ComfyUI throws: for links to nodes that are not there
 */
export function judgeNode(
  graph: Graph,
  files: Files,
  id: string,
  judged: Judged,
  above: string[],
): boolean {
  const known = judged.get(id);
  if (known !== undefined) return known !== false && known.length === 0;
  if (above.includes(id)) throw new Exception('RecursionError', 'maximum recursion depth exceeded');
  const node = graph[id];
  if (!node) throw new Exception('KeyError', `'${id}'`);
  if (!isObject(node.inputs)) throw new Exception('KeyError', "'inputs'");
  const { inputs, class_type } = node;
  const described = describeClass(class_type, files);
  const ownRules = findClass(class_type)?.check?.(inputs, files) ?? {};
  const errors: Complaint[] = [];
  let needsBad = false;

  const groups = [
    { isRequired: true, group: described?.input.required },
    { isRequired: false, group: described?.input.optional },
  ];
  for (const { isRequired, group } of groups) {
    for (const [name, given] of Object.entries(group ?? {})) {
      const [type, bounds = {}] = given as InputType;
      if (!(name in inputs)) {
        if (isRequired) {
          const extra = { input_name: name };
          errors.push(complain('required_input_missing', 'Required input is missing', name, extra));
        }
        continue;
      }
      const value = inputs[name];
      if (!isLink(value)) {
        const wrong = checkValue(inputs, name, [type, bounds], name in ownRules);
        if (wrong) errors.push(wrong);
        continue;
      }
      const wrong = checkLink(graph, name, value, [type, bounds]);
      if (wrong) {
        errors.push(wrong);
        continue;
      }
      const [source] = value;
      try {
        if (!judgeNode(graph, files, source, judged, [...above, id])) needsBad = true;
      } catch (error) {
        needsBad = true;
        judged.set(source, [describeException('exception_during_inner_validation', error)]);
      }
    }
  }
  for (const [name, wrong] of Object.entries(ownRules)) {
    if (!wrong || errors.some(({ extra_info }) => extra_info.input_name === name)) continue;
    const message = 'Custom validation failed for node';
    const extra = { input_name: name };
    errors.push(complain('custom_validation_failed', message, `${name} - ${wrong}`, extra));
  }
  judged.set(id, errors.length === 0 && needsBad ? false : errors);
  return errors.length === 0 && !needsBad;
}

function checkLink(
  graph: Graph,
  name: string,
  link: unknown[],
  config: InputType,
): Complaint | undefined {
  const extra = { input_name: name, input_config: config };
  if (link.length !== 2) {
    const message = 'Bad linked input, must be a length-2 list of [node_id, slot_index]';
    const info = { ...extra, received_value: link };
    return complain('bad_linked_input', message, name, info);
  }
  const [source, slot] = link as [string, number];
  const from = graph[source];
  if (!from) throw new Exception('KeyError', `'${source}'`);
  const types = findClass(from.class_type)?.output ?? [];
  const received = types[slot];
  if (received === undefined) throw new Exception('IndexError', 'tuple index out of range');
  if (matches(received, config[0])) return undefined;
  const details = `${name}, received_type(${received}) mismatch input_type(${config[0]})`;
  const info = { ...extra, received_type: received, linked_node: link };
  return complain(
    'return_type_mismatch',
    'Return type mismatch between linked nodes',
    details,
    info,
  );
}

function matches(received: string, wanted: string | string[]): boolean {
  if (Array.isArray(wanted)) return Array.isArray(received);
  const [from, to] = [received, wanted].map((types) => types.split(',').map((type) => type.trim()));
  if (from?.includes('*') || to?.includes('*')) return true;
  return from?.some((type) => to?.includes(type)) ?? false;
}
