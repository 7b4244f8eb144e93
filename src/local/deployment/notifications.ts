import { pickAt, readList, readReference, readText } from './shape.ts';
import type { UploadRule } from './types.ts';

/** Reads which events the notifications of the buckets under `resources` send to a function. */
export function readNotifications(
  resources: Record<string, unknown>,
  functionName: string,
): UploadRule[] {
  const logicalId = nameResource(functionName);
  return Object.values(resources)
    .filter((resource) => pickAt(resource, 'Type') === 'AWS::S3::Bucket')
    .flatMap((bucket) =>
      readList(pickAt(bucket, 'Properties', 'NotificationConfiguration', 'LambdaConfigurations')),
    )
    .filter((configuration) => readReference(pickAt(configuration, 'Function')) === logicalId)
    .map(readRule);
}

/** The name that osls gives a function in the template: `mediaUploaded` is `MediaUploadedLambdaFunction`. */
function nameResource(functionName: string): string {
  const name = `${functionName[0]?.toUpperCase()}${functionName.slice(1)}`;
  return `${name.replaceAll('-', 'Dash').replaceAll('_', 'Underscore')}LambdaFunction`;
}

function readRule(configuration: unknown): UploadRule {
  const rules = readList(pickAt(configuration, 'Filter', 'S3Key', 'Rules'));
  // S3 takes the names of rules in any case.
  const end = (name: string) => {
    const rule = rules.find((one) => readText(pickAt(one, 'Name')).toLowerCase() === name);
    return readText(pickAt(rule, 'Value'));
  };
  return {
    event: readText(pickAt(configuration, 'Event')),
    prefix: end('prefix'),
    suffix: end('suffix'),
  };
}
