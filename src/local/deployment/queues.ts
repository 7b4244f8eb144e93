import { pickAt, readNumber, readReference, readText } from './shape.ts';
import type { DeployedFunction, DeployedQueue } from './types.ts';

/** Reads the queues under `resources`, and those that only an event refers to. */
export function readQueues(
  resources: Record<string, unknown>,
  functions: DeployedFunction[],
): DeployedQueue[] {
  const declared = Object.entries(resources)
    .filter(([, resource]) => pickAt(resource, 'Type') === 'AWS::SQS::Queue')
    .map(([id, resource]) => readQueue(id, pickAt(resource, 'Properties')));
  const known = new Set(declared.map(({ id }) => id));
  const named = new Set(functions.flatMap(({ queues }) => queues.map(({ queue }) => queue)));
  const implied = [...named].filter((id) => !known.has(id)).map((id) => readQueue(id, {}));
  return [...declared, ...implied];
}

const settings = ['VisibilityTimeout', 'DelaySeconds', 'MessageRetentionPeriod'];

function readQueue(id: string, properties: unknown): DeployedQueue {
  const attributes = Object.fromEntries(
    settings
      .map((name) => [name, readText(pickAt(properties, name))])
      .filter(([, value]) => value !== '' && !value?.includes('${')),
  );
  const target = readReference(pickAt(properties, 'RedrivePolicy', 'deadLetterTargetArn'));
  const after = readNumber(pickAt(properties, 'RedrivePolicy', 'maxReceiveCount'), 5);
  return {
    id,
    variable: `${id.replace(/([a-z0-9])(?=[A-Z])/g, '$1_').toUpperCase()}_URL`,
    attributes,
    ...(target ? { deadLetters: { queue: target, after } } : {}),
  };
}
