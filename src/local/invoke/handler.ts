import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';
import type { DeployedFunction } from '../deployment/types.ts';

/** A Lambda handler, as Lambda calls it. */
export type Handler = (event: unknown, context: Context) => unknown;

/** Finds the handler of a function; tests pass their own. */
export type Load = (fn: DeployedFunction) => Promise<Handler>;

/** Imports a function's file and takes its handler out. */
export const importHandler: Load = async ({ file, exportName }) => {
  const module: Record<string, unknown> = await import(pathToFileURL(file).href);
  const handler = module[exportName];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${exportName}`);
  return handler as Handler; // what it takes is between it and serverless.yml
};
