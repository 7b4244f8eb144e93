import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from './configuration.ts';
import { readEvents } from './events.ts';
import { readQueues } from './queues.ts';
import { at, isRecord, number, record, text } from './shape.ts';
import type { DeployedFunction, Deployment } from './types.ts';

/** Reads serverless.yml in a folder: what the laptop runs is what is deployed. */
export function readDeployment(root: string): Deployment {
  const document = readConfiguration(root);
  const functions = Object.entries(record(at(document, 'functions'))).map(([name, given]) =>
    readFunction(root, name, given, at(document, 'provider')),
  );
  return {
    root,
    service: text(at(document, 'service'), 'service'),
    functions,
    queues: readQueues(record(at(document, 'resources', 'Resources')), functions),
  };
}

function readFunction(
  root: string,
  name: string,
  given: unknown,
  provider: unknown,
): DeployedFunction {
  const handler = text(at(given, 'handler'));
  const dot = handler.lastIndexOf('.');
  return {
    name,
    file: sourceOf(join(root, handler.slice(0, dot))),
    exportName: handler.slice(dot + 1),
    // The framework's and Lambda's own defaults.
    timeout: number(at(given, 'timeout') ?? at(provider, 'timeout'), 6),
    memory: number(at(given, 'memorySize') ?? at(provider, 'memorySize'), 1024),
    environment: {
      ...plain(at(provider, 'environment')),
      ...plain(at(given, 'environment')),
    },
    ...readEvents(at(given, 'events'), number(at(given, 'reservedConcurrency'), 2)),
  };
}

function sourceOf(path: string): string {
  const found = ['.ts', '.mts', '.mjs', '.js'].map((end) => path + end).find(existsSync);
  return found ?? `${path}.ts`;
}

/** Values that need CloudFormation to know them are left to the local environment. */
function plain(environment: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record(environment))
      .filter(([, value]) => !isRecord(value) && !Array.isArray(value))
      .map(([key, value]) => [key, text(value)])
      .filter(([, value]) => !value?.includes('${')),
  ) as Record<string, string>; // entries are pairs, which `filter` forgets
}
