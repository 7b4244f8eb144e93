import { globSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { type Deployed, readFunctions } from './deployment.ts';
import { readMachine } from './elf.ts';
import { META } from './esbuild.ts';
import { SECRETS } from './script.ts';
import { readZip, type Zipped } from './zip.ts';

/** How many bytes of JavaScript a function with HTTP routes may load before its first response. */
export const CRUD_LIMIT = 1_700_000;

/** Optional packages that mongodb, the SDK and ws try to import, for what we do without. */
const NEVER_USED =
  /^(@aws-sdk\/credential-providers|@mongodb-js\/zstd|aws4|bowser|bufferutil|gcp-metadata|kerberos|mongodb-client-encryption|snappy|socks|utf-8-validate)(\/|$)/;

export interface Weight extends Deployed {
  /** The entry, the function's code and their static imports: loaded at every cold start. */
  start: number;
  startGzip: number;
  /** V8's code cache, loaded at every cold start, too. */
  cache: number;
  /** Chunks that are loaded by `import()` when they are first used. */
  later: number;
  zip: number;
  faults: string[];
}

/** Measures every packaged function, and finds faults that would otherwise show only on Lambda. */
export function weighAll(architecture: string): Weight[] {
  return readFunctions().map((deployed) => weigh(deployed, architecture));
}

function weigh(deployed: Deployed, architecture: string): Weight {
  const { outputs } = JSON.parse(readFileSync(`${META}/${deployed.file}.json`, 'utf8')) as Metafile;
  const entries = Object.keys(outputs).filter((file) =>
    /^(functions|scripts\/package)\//.test(outputs[file]?.entryPoint ?? ''),
  );
  if (entries.length < 2)
    throw new Error(`esbuild made no bundle of functions/${deployed.file}.ts.`);
  const atStart = findStaticallyReached(outputs, entries);
  // None for another processor than that of this machine.
  const caches = globSync(`${entries.find((file) => file.endsWith('.cjs'))}.*.cache`);
  const zipFile = `.serverless/${deployed.name}.zip`;
  const packed = readZip(zipFile);
  const zipped = packed.map(({ name }) => name);
  const start = sum([...atStart].map(measureFile));
  const all = sum(Object.keys(outputs).map(measureFile));
  const faults = [
    ...findMissing(outputs, zipped).map((name) => `imports ${name}, which its zip lacks`),
    ...[...Object.keys(outputs), ...caches]
      .filter((file) => !zipped.some((name) => file.endsWith(`/.build/${name}`)))
      .map((file) => `lacks ${file} in its zip`),
    ...findForeign(packed, architecture),
  ];
  if (deployed.isCrud && start > CRUD_LIMIT) {
    faults.push(`reads ${start} bytes at its start, more than ${CRUD_LIMIT}`);
  }
  return {
    ...deployed,
    start,
    startGzip: sum([...atStart].map((file) => gzipSync(readFileSync(file)).length)),
    cache: sum(caches.map(measureFile)),
    later: all - start,
    zip: measureFile(zipFile),
    faults,
  };
}

function findStaticallyReached(outputs: Metafile['outputs'], entries: string[]): Set<string> {
  const reached = new Set(entries);
  // The iteration includes items that are added meanwhile.
  for (const file of reached) {
    for (const { path, kind, external } of outputs[file]?.imports ?? []) {
      if (kind !== 'dynamic-import' && !external) reached.add(path);
    }
  }
  return reached;
}

/** Finds packages that are neither in the bundle, nor part of Node, nor in the zip. */
function findMissing(outputs: Metafile['outputs'], zipped: string[]): string[] {
  const outside = Object.values(outputs)
    .flatMap(({ imports }) => imports.filter(({ external }) => external))
    .map(({ path }) => path)
    .filter((path) => path !== SECRETS && !isBuiltin(path) && !NEVER_USED.test(path));
  return [...new Set(outside)].filter(
    (path) => !zipped.some((name) => name.startsWith(`node_modules/${path}/`)),
  );
}

/** Finds programs and libraries for another processor than the one that the function runs on. */
function findForeign(packed: Zipped[], architecture: string): string[] {
  return packed
    .filter(({ name }) => /\.node$|\.so(\.|$)/.test(name))
    .map(({ name, read }) => ({ name, machine: readMachine(read()) }))
    .filter(({ machine }) => machine !== architecture)
    .map(({ name, machine = 'no Linux library' }) => `has ${name}, which is ${machine}`);
}

const measureFile = (file: string) => statSync(file).size;
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

/** Formats the sizes as lines of a table, in KB (1000 bytes). */
export function formatTable(weights: Weight[]): string[] {
  const kb = (bytes: number) => (bytes / 1000).toFixed(0);
  const rows = [
    ['function', 'at start', 'gzip', 'cache', 'on demand', 'all', 'zip'],
    ...weights.map((w) => [
      w.isCrud ? `${w.name} *` : w.name,
      ...[w.start, w.startGzip, w.cache, w.later, w.start + w.later, w.zip].map(kb),
    ]),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  '),
  );
}
