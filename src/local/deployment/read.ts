import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from './configuration.ts';
import { readEvents } from './events.ts';
import { readNotifications } from './notifications.ts';
import { readQueues } from './queues.ts';
import { isRecord, pickAt, readMap, readNumber, readText } from './shape.ts';
import type { DeployedFunction, Deployment } from './types.ts';

/** Reads what the serverless.yml of a folder deploys, so that this machine runs the same. */
export function readDeployment(root: string): Deployment {
  const document = readConfiguration(root);
  const resources = readMap(pickAt(document, 'resources', 'Resources'));
  const functions = Object.entries(readMap(pickAt(document, 'functions'))).map(([name, given]) => {
    const read = readFunction(root, name, given, pickAt(document, 'provider'));
    return { ...read, uploads: [...read.uploads, ...readNotifications(resources, name)] };
  });
  return {
    root,
    service: readText(pickAt(document, 'service'), 'service'),
    functions,
    queues: readQueues(resources, functions),
  };
}

function readFunction(
  root: string,
  name: string,
  given: unknown,
  provider: unknown,
): DeployedFunction {
  const handler = readText(pickAt(given, 'handler'));
  const dot = handler.lastIndexOf('.');
  return {
    name,
    file: findSource(join(root, handler.slice(0, dot))),
    exportName: handler.slice(dot + 1),
    // The defaults of osls and Lambda.
    timeout: readNumber(pickAt(given, 'timeout') ?? pickAt(provider, 'timeout'), 6),
    memory: readNumber(pickAt(given, 'memorySize') ?? pickAt(provider, 'memorySize'), 1024),
    isStreaming: pickAt(given, 'url', 'invokeMode') === 'RESPONSE_STREAM',
    environment: {
      ...readPlainValues(pickAt(provider, 'environment')),
      ...readPlainValues(pickAt(given, 'environment')),
    },
    ...readEvents(pickAt(given, 'events'), readNumber(pickAt(given, 'reservedConcurrency'), 2)),
  };
}

function findSource(path: string): string {
  const found = ['.ts', '.mts', '.mjs', '.js'].map((end) => path + end).find(existsSync);
  return found ?? `${path}.ts`;
}

/** Leaves out values that only CloudFormation knows; the local environment sets those. */
function readPlainValues(environment: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(readMap(environment))
      .filter(([, value]) => !isRecord(value) && !Array.isArray(value))
      .map(([key, value]) => [key, readText(value)])
      .filter(([, value]) => !value?.includes('${')),
  ) as Record<string, string>; // `filter` widens the type of the pairs
}
