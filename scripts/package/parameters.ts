import { parseArgs } from 'node:util';
import { readConfiguration } from '../../src/local/deployment/configuration.ts';
import { pickAt, readMap, readText } from '../../src/local/deployment/shape.ts';

/** The parameters of a stage that scripts/package itself has to know; osls reads all of them. */
export interface Parameters {
  /** What the functions run on, by the name that Lambda has for it. */
  architecture: Architecture;
  /** The version of Node that Lambda runs, such as `24.18.0`, if somebody knows. */
  lambdaNode: string | undefined;
}

export type Architecture = 'x86_64' | 'arm64';

/** Reads `--stage` and `--param name=value` as osls does. @throws Error for an impossible value */
export function readParameters(args: string[]): Parameters {
  const { values } = parseArgs({
    args,
    strict: false, // all else is for osls
    options: {
      stage: { type: 'string', short: 's', default: 'dev' },
      param: { type: 'string', multiple: true, default: [] },
    },
  });
  const declared = readConfiguration('.').params;
  const given = {
    ...readMap(pickAt(declared, 'default')),
    ...readMap(pickAt(declared, String(values.stage))),
    ...Object.fromEntries((values.param as string[]).map((pair) => pair.split(/=(.*)/s))),
  };
  const architecture = readText(given.architecture);
  if (architecture !== 'x86_64' && architecture !== 'arm64')
    throw new Error(`The parameter architecture must be x86_64 or arm64, not "${architecture}".`);
  const lambdaNode = readText(given.lambdaNode).replace(/^v/, '') || undefined;
  if (lambdaNode && !/^24\.\d+\.\d+$/.test(lambdaNode))
    throw new Error(`The parameter lambdaNode must be a version such as 24.18.0: "${lambdaNode}".`);
  return { architecture, lambdaNode };
}

/** What npm and Node call it: `x64`. */
export function nameCpu(architecture: Architecture): string {
  return architecture === 'x86_64' ? 'x64' : architecture;
}
