import type { Files } from '../files.ts';
import { images } from './images.ts';
import { masks } from './masks.ts';
import { models } from './models.ts';
import type { Behaviour, ClassInfo, InputType } from './node-class.ts';
import info from './object-info.json' with { type: 'json' };
import { sounds } from './sounds.ts';
import { videos } from './videos.ts';

const behaviours: Record<string, Behaviour> = {
  ...images,
  ...masks,
  ...sounds,
  ...videos,
  ...models,
};
const infos = info as unknown as Record<string, ClassInfo>; // as ComfyUI answered

/** A class of nodes: what it takes and gives, and what it does. */
export type NodeClass = ClassInfo & Behaviour;

/** Finds a class by its name. */
export function findClass(name: string): NodeClass | undefined {
  const [described, behaviour] = [infos[name], behaviours[name]];
  return described && behaviour && { ...described, ...behaviour };
}

/** The names of all classes. */
export function listClasses(): string[] {
  return Object.keys(infos).filter((name) => behaviours[name]);
}

/** The names of all classes that do something here, described or not. */
export function listBehaviours(): string[] {
  return Object.keys(behaviours);
}

/** Describes a class as `/object_info` does, with the files that are there now as options. */
export function describeClass(name: string, files: Files): ClassInfo | undefined {
  const described = infos[name];
  const options = behaviours[name]?.options?.(files);
  if (!described || !options) return described;
  const input = structuredClone(described.input);
  for (const group of [input.required, input.optional]) {
    for (const [key, names] of Object.entries(options)) {
      if (group?.[key]) group[key] = withOptions(group[key] as InputType, names);
    }
  }
  return { ...described, input };
}

// Older classes have the list itself as the type, newer ones "COMBO" and the list beside it.
function withOptions([type, bounds]: InputType, options: string[]): InputType {
  if (type === 'COMBO') return [type, { ...bounds, options }];
  return bounds ? [options, bounds] : [options];
}
