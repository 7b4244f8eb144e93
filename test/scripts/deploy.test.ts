import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ran } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'mixdown-'));
const OSLS = resolve('node_modules/serverless/bin/serverless.js');

// A service with as little in it as can be, deployed by the plugin of this one.
const SERVICE = `
service: shop
plugins: [./scripts/package/keep-package.ts]
provider: { name: aws, runtime: nodejs24.x, deploymentBucket: shop, deploymentMethod: direct }
package: { artifact: code.zip }
functions: { sell: { handler: sell.handler } }
`;

/** What was put into the bucket, and what was asked of CloudFormation. */
const seen = { keys: [] as string[], actions: [] as string[] };
const cloud = createServer(async (request, response) => {
  response.setHeader('content-type', 'text/xml').end(await answer(request));
});

/** An AWS with a bucket that is empty, and a stack whose updates succeed at once. */
async function answer(request: IncomingMessage): Promise<string> {
  const body = await text(request);
  const { pathname } = new URL(request.url as string, 'http://aws');
  if (request.method === 'PUT') seen.keys.push(pathname);
  const action = new URLSearchParams(body).get('Action');
  if (!action) return '<ListBucketResult></ListBucketResult>';
  seen.actions.push(action);
  const stack = '<StackName>shop-dev</StackName><StackId>arn:shop</StackId>';
  const status = (state: string) => `<member>${stack}<EventId>${state}</EventId>
    <LogicalResourceId>shop-dev</LogicalResourceId>
    <ResourceType>AWS::CloudFormation::Stack</ResourceType>
    <ResourceStatus>${state}</ResourceStatus><Timestamp>2026-01-01T00:00:00Z</Timestamp></member>`;
  const results: Record<string, string> = {
    DescribeStacks: `<Stacks><member>${stack}<StackStatus>UPDATE_COMPLETE</StackStatus>
      <CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>`,
    DescribeStackEvents: `<StackEvents>${status('UPDATE_COMPLETE')}${status('UPDATE_IN_PROGRESS')}</StackEvents>`,
    GetCallerIdentity: '<Account>000000000000</Account><Arn>arn:aws:iam::000000000000:user/a</Arn>',
    UpdateStack: '<StackId>arn:shop</StackId>',
  };
  return `<${action}Response><${action}Result>${results[action] ?? ''}</${action}Result></${action}Response>`;
}

beforeAll(async () => {
  await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
  writeFileSync(join(folder, 'serverless.yml'), SERVICE);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // An empty zip.
  writeFileSync(
    join(folder, 'code.zip'),
    Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]),
  );
  mkdirSync(join(folder, 'scripts/package'), { recursive: true });
  cpSync('scripts/package/keep-package.ts', join(folder, 'scripts/package/keep-package.ts'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
});

afterAll(() => {
  cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

async function osls(...args: string[]): Promise<string> {
  const { port } = cloud.address() as AddressInfo;
  const { code, stdout, stderr } = await ran(
    [OSLS, ...args],
    {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      ...{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'a', AWS_EC2_METADATA_DISABLED: 'true' },
      ...{ AWS_PROFILE: '', AWS_SESSION_TOKEN: '', SLS_AWS_MONITORING_FREQUENCY: '1' },
    },
    folder,
  );
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout + stderr;
}

/** All files of the package, with a hash of what is in them. */
function contents(): Record<string, string> {
  const files = readdirSync(join(folder, '.serverless'), { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}

test('what was deployed is still there afterwards, and can be deployed again', async () => {
  await osls('package');
  const packaged = contents();
  expect(Object.keys(packaged).join()).toContain('cloudformation-template-update-stack.json');
  for (let time = 1; time <= 2; time++) {
    await osls('deploy', '--package', '.serverless');
    expect(seen.actions.filter((action) => action === 'UpdateStack')).toHaveLength(time);
    expect(contents()).toEqual(packaged);
  }
  expect(seen.keys.some((key) => key.endsWith('code.zip'))).toBe(true);
});
