import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';
import type { DeployedFunction } from '../deployment/types.ts';
import { provideStreaming } from './streaming.ts';

/** A Lambda handler. */
export type Handler = (event: unknown, context: Context) => unknown;

/** Finds the handler of a function; tests pass their own. */
export type Load = (fn: DeployedFunction) => Promise<Handler>;

/** Imports the file of a function and returns its handler. */
export const importHandler: Load = async ({ file, exportName }) => {
  provideStreaming();
  const module: Record<string, unknown> = await import(pathToFileURL(file).href);
  const handler = module[exportName];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${exportName}`);
  return handler as Handler; // serverless.yml says which events it gets
};
