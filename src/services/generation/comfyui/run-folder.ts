import type { GraphNode } from '../../../models/generation/comfyui/workflow-graph.ts';

/** The folder of all that is ours at a pod, among its inputs and among its outputs. */
const OURS = 'mixdown';
/** What a file is called of which nothing else is said. */
const UNNAMED = 'output';

/**
 * The folder that one run has for its files at a pod: a pod is shared by people who do not know of each other, and
 * the id of a run is known to its owner alone.
 */
export function findRunFolder(promptId: string): string {
  return `${OURS}/${promptId}`;
}

/** Has a node save into the folder of its run, whatever it was told: under the same name, as far as that is one. */
export function saveIntoFolder({ class_type, inputs }: GraphNode, folder: string): void {
  const saves = SAVER.test(class_type);
  const own = saves && 'folder_name' in inputs ? 'folder_name' : undefined;
  if (own) inputs[own] = `${folder}/${readParts(inputs[own]).join('/') || UNNAMED}`;
  for (const name of Object.keys(inputs)) {
    if (name === own || !isSaveName(class_type, name)) continue;
    const parts = readParts(inputs[name]);
    // Within a folder that it makes itself a name may have no folders.
    if (own) inputs[name] = parts.at(-1) ?? UNNAMED;
    else inputs[name] = `${folder}/${parts.join('/') || UNNAMED}`;
  }
}

/** Whether an input says as what a node saves. */
export function isSaveName(classType: string, input: string): boolean {
  if (input === 'filename_prefix') return true;
  return SAVER.test(classType) && (input === 'prefix' || input === 'folder_name');
}

const SAVER = /save|export|write/i;
const RUN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The parts of a path that lead down; none of what comes from another node, which nobody knows before it runs. */
function readParts(value: unknown): string[] {
  if (typeof value !== 'string') return [];
  const parts = value
    .split(/[/\\]+/)
    .map((part) =>
      part
        .replaceAll('\0', '')
        .replace(/^[a-z]:/i, '')
        .trim(),
    )
    .filter((part) => !/^\.*$/.test(part));
  // The graph that a picture carries names the folder of the run that made it.
  return parts[0] === OURS && RUN.test(parts[1] ?? '') ? parts.slice(2) : parts;
}
