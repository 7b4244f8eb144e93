// Writes what a real ComfyUI says of the classes of nodes that the stand-in has:
// `node scripts/comfyui.ts --url http://127.0.0.1:8188`
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { listBehaviours } from '../src/local/comfyui/nodes/classes.ts';
import { simplifyInfo } from './comfyui/simplify-info.ts';

const { values } = parseArgs({ options: { url: { type: 'string' } } });
if (!values.url) throw new Error('--url is the address of a ComfyUI: http://127.0.0.1:8188');
const response = await fetch(`${values.url}/object_info`);
const all = (await response.json()) as Record<string, Record<string, unknown>>;
const found = listBehaviours().map((name) => {
  if (!all[name]) throw new Error(`the server has no class ${name}`);
  return `  ${JSON.stringify(name)}: ${JSON.stringify(simplifyInfo(all[name]))}`;
});
const file = new URL('../src/local/comfyui/nodes/object-info.json', import.meta.url);
writeFileSync(file, `{\n${found.join(',\n')}\n}\n`);
console.log(`${found.length} classes`);
