import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

// docs/deploying.md names commands, parameters and resources: they are there.
const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const page = read('docs/deploying.md');
const deployed = read('serverless.yml');
const templates = globSync('deploy/*.yml', { cwd: root }).map(read).join('\n');
const edge = parse(read('deploy/edge.yml')) as Record<string, Record<string, unknown>>;
const { functions, params, resources } = parse(deployed) as {
  functions: Record<string, object>;
  params: { default: Record<string, unknown> };
  resources: { Outputs?: Record<string, unknown> }[];
};
const outputs = Object.assign({}, ...resources.map((part) => part.Outputs ?? {}));
const scripts = JSON.parse(read('package.json')).scripts as Record<string, string>;

const all = (pattern: RegExp, text = page) => [
  ...new Set([...text.matchAll(pattern)].map(([, name]) => name as string)),
];
const missing = (names: string[], isThere: (name: string) => boolean) => {
  expect(names).not.toHaveLength(0);
  expect(names.filter((name) => !isThere(name))).toEqual([]);
};

test('each npm script that it calls is there, and each of its commands', () => {
  missing(all(/npm run ([\w:]+)/g), (name) => name in scripts);
  for (const name of ['secrets', 'roles', 'admin', 'audit', 'migrate']) {
    const source = globSync(`scripts/{${name}.ts,${name}/*.ts}`, { cwd: root }).map(read).join();
    const verbs = all(new RegExp(`npm run ${name} -- ([a-z]+)`, 'g'));
    missing(verbs, (verb) => new RegExp(`\\b${verb}\\b`).test(source));
  }
});

test('each parameter that it names is one of serverless.yml', () => {
  // One is for packaging alone.
  const readers = deployed + templates + read('scripts/package/parameters.ts');
  const used = all(/--param '?(\w+)=/g);
  missing(used, (name) => readers.includes(`\${param:${name}`) || readers.includes(`${name}:`));
  const table = all(/`(\w+)`/g, page.split('## Load')[1]?.split('\n\n')[1] ?? '');
  missing(table, (name) => name in params.default || deployed.includes(`\${param:${name}`));
});

test('each function that it calls by its name is deployed', () => {
  const called = [...all(/mixdown-prod-(\w+)(?= )/g), ...all(/--function (\w+)/g)];
  missing(
    called.filter((name) => name !== 'edge'),
    (name) => name in functions,
  );
});

test('the package that it changes alone is the one of that function', () => {
  missing(all(/\.serverless\/(\w+)\.zip/g), (name) => name in functions);
});

test('each resource, output and parameter of a stack that it names is in a template', () => {
  missing(all(/--logical-resource-id (\w+)/g), (name) => templates.includes(`\n  ${name}:`));
  missing(all(/^\| `(\w+Alarm)`/gm), (name) => templates.includes(`\n  ${name}:`));
  missing(all(/output `(\w+)`/g), (name) => name in outputs || name in (edge.Outputs ?? {}));
  const given = page.split('--parameter-overrides')[1]?.split('```')[0] ?? '';
  const parameters = edge.Parameters as Record<string, { Default?: unknown }>;
  missing(all(/(\w+)=/g, given), (name) => name in parameters);
  const needed = Object.entries(parameters).filter(([, { Default }]) => Default === undefined);
  expect(needed.map(([name]) => name).toSorted()).toEqual(all(/(\w+)=/g, given).toSorted());
});

test('each secret and environment variable that it sets is read', () => {
  const sources = globSync('{src,scripts}/**/*.ts', { cwd: root }).map(read).join('\n');
  missing(
    ['EDGE_SECRET', 'SECRETS_ID', 'MONGODB_URI', 'FFMPEG_LAYER_BINARY'],
    (name) => page.includes(name) && sources.includes(name),
  );
});

test('its costs add up', () => {
  const table = page.split('## What it costs')[1]?.split('\n## ')[0] ?? '';
  const rows = [...table.matchAll(/^\| (.+?) \|.*\| ([\d.]+) \|$/gm)].map(
    ([, what, sum]) => [what, Number(sum)] as const,
  );
  const parts = rows.filter(([what]) => what !== 'together').map(([, sum]) => sum);
  expect(parts.length).toBeGreaterThan(10);
  const sum = parts.reduce((a, b) => a + b, 0);
  expect(sum).toBeCloseTo(rows.find(([what]) => what === 'together')?.[1] ?? 0, 2);
});

test('what it takes from AWS by its dashboard is JSON, and about resources that are there', () => {
  const { Resources } = parse(read('deploy/dashboard.yml'));
  const body: string = Resources.Dashboard.Properties.DashboardBody['Fn::Sub'];
  const names = all(/\$\{(\w+)(?:\.\w+)?\}/g, body).filter((name) => !name.startsWith('AWS'));
  missing(names, (name) => templates.includes(`\n  ${name}:`) || name.startsWith('HttpApi'));
  expect(JSON.parse(body.replace(/\$\{[^}]+\}/g, 'x')).widgets).toHaveLength(6);
});
