import { listFilters, type Rule } from '../../rules.ts';
import type { Route } from '../http/route.ts';

/** Who may call an operation under this rule: where users get no filter, only administrators. */
export function chooseAccess(rule: Rule): Route['access'] {
  return listFilters(rule).length === 1 ? 'admin' : 'user';
}

/** `Audio` → `an audio`. */
export function addArticle(name: string): string {
  const said = splitWords(name);
  return `${/^([aeio]|llm)/.test(said) ? 'an' : 'a'} ${said}`;
}

/** `ComfyUIWorkflowConfig` → `comfyui workflow config`. */
export function splitWords(name: string): string {
  return name
    .replace(/^(ComfyUI|RunPod|Llm)/, '$1 ')
    .replace(/([a-z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase();
}
