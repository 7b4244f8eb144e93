import { fileURLToPath } from 'node:url';
import { readSettings } from '../../src/local/settings.ts';
import { readState } from '../../src/local/stack/state.ts';
import {
  type ShippedWorkflow,
  shippedWorkflows,
} from '../../src/services/generation/comfyui/workflows/shipped-workflows.ts';
import { type Call, signIn } from '../demo/account.ts';
import { Problem } from '../demo/problem.ts';
import { say } from '../demo/terminal.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const path = '/v1/comfyui/workflows';

interface Options {
  email: string;
  /** Only those that run on any ComfyUI. */
  withoutModels: boolean;
}

/**
 * Stores the shipped workflows under an account, so that everybody may run them. Those of a former time
 * are brought up to date: nothing is stored twice. @throws Problem
 */
export async function publish({ email, withoutModels }: Options): Promise<void> {
  const api = process.env.API_URL || readState(readSettings(root, process.env, []).dir)?.api;
  if (!api) throw new Problem('No backend runs here. Start one: npm start.');
  const password = process.env.PASSWORD;
  if (!password) throw new Problem('Put the password of the account into the variable PASSWORD.');
  const { call } = await signIn(api.replace(/\/+$/, ''), { email, password });
  const me = await call<{ id: string; isAdmin: boolean }>('GET', '/v1/users/me');
  if (!me.isAdmin) throw new Problem('They have prices, which only an administrator sets.');
  for (const workflow of shippedWorkflows) {
    if (withoutModels && workflow.models.length > 0) continue;
    const found = await find(call, workflow.name, me.id);
    const body = describe(workflow);
    if (found) await call('PATCH', `${path}/${found}`, body);
    else await call('POST', path, body);
    say(`${found ? 'updated' : 'stored '}  ${workflow.name}`);
  }
}

/** The id of a workflow of that name that belongs to a user. */
async function find(call: Call, name: string, user: string): Promise<string | undefined> {
  const query = new URLSearchParams({
    sort: 'name',
    'name[gte]': name,
    'name[lte]': name,
    limit: '100',
  });
  const { data } = await call<{ data: { id: string; user: string }[] }>('GET', `${path}?${query}`);
  return data.find((workflow) => workflow.user === user)?.id;
}

// What the models are, and what their licences allow, is for whoever runs it to read.
function describe({ models, example, ...workflow }: ShippedWorkflow): object {
  const needs = models.map(
    ({ folder, file, licence, isCommercial }) =>
      `Needs ${folder}/${file} (${licence}, ${isCommercial ? '' : 'no '}commercial use).`,
  );
  const description = [workflow.description, ...needs].join(' ');
  return { ...workflow, description, isPublic: true };
}
