// Installs the packages before `npm start` and `npm test`, if they are missing or stale. It runs on
// whatever Node the machine has: without dependencies, and without syntax newer than Node 12, so
// that an old Node, too, gets to the message that says what to do.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.env.MIXDOWN_ROOT || path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const lock = path.join(root, '.cache', 'install.lock');

if (findStaleness()) withLock(install);
requireNode();

/** Says why node_modules does not match package-lock.json; empty when it does. */
function findStaleness() {
  const installed = readPackages(path.join(modules, '.package-lock.json'));
  if (!installed) return 'node_modules is missing or incomplete';
  const locked = readPackages(path.join(root, 'package-lock.json')) || {};
  for (const name of Object.keys(locked)) {
    const want = locked[name];
    // Optional packages depend on the platform; links are folders of this repository.
    if (name === '' || want.optional || want.devOptional || want.link) continue;
    const have = installed[name];
    if (!have || have.version !== want.version) return `${name} is not at ${want.version}`;
  }
  return '';
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function install() {
  const why = findStaleness(); // the previous holder of the lock may have installed them
  if (!why) return;
  console.log(`Installing the packages with \`npm ci\`, because ${why}.`);
  // Not with the Node inside node_modules, because `npm ci` deletes that while it runs.
  const PATH = (process.env.PATH || '')
    .split(path.delimiter)
    .filter((folder) => !folder.startsWith(modules))
    .join(path.delimiter);
  const env = Object.assign({}, process.env, { PATH: PATH });
  const shell = process.platform === 'win32';
  // npm's warnings concern the machine's Node, which only installs: the packages run on Node 24.
  const args = ['ci', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: root, env: env, shell: shell, stdio: 'inherit' });
  if (npm.error || npm.status !== 0) {
    fail(
      `\`npm ci\` failed${npm.error ? `: ${npm.error.message}` : ''}; run it by hand to see why.`,
    );
  }
}

/**
 * Runs one installation at a time: `npm start` and `npm test` may begin together in a fresh clone.
 */
function withLock(work) {
  let isAnnounced = false;
  while (!acquire()) {
    if (!isAnnounced) console.log('Waiting for another npm command that installs the packages.');
    isAnnounced = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  process.on('exit', release);
  work();
  release();
}

function acquire() {
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  const mine = `${lock}.${process.pid}`;
  fs.writeFileSync(mine, String(process.pid));
  try {
    fs.linkSync(mine, lock); // a hard link, so that the lock file never exists without its pid
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeIfDead();
    return false;
  } finally {
    fs.unlinkSync(mine);
  }
}

/**
 * Two processes may find the same dead lock: it is renamed, read again, and restored if its process
 * runs.
 */
function removeIfDead() {
  const grave = `${lock}.dead.${process.pid}`;
  try {
    if (isAlive(fs.readFileSync(lock, 'utf8'))) return;
    fs.renameSync(lock, grave);
    if (isAlive(fs.readFileSync(grave, 'utf8'))) fs.linkSync(grave, lock);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  remove(grave);
}

function isAlive(pid) {
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function release() {
  try {
    if (fs.readFileSync(lock, 'utf8') === String(process.pid)) remove(lock);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function remove(file) {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** The npm scripts run on the `node` package if it works, else on the machine's own Node. */
function requireNode() {
  if (isRecent(process.version)) return;
  const own = spawnSync(path.join(modules, '.bin', 'node'), ['--version'], { encoding: 'utf8' });
  if (own.status === 0 && isRecent(own.stdout)) return;
  fail(
    `Mixdown needs Node 24 or newer and found ${process.version}: install it, or let ` +
      'npm run install scripts (`npm ci` without --ignore-scripts), which installs it.',
  );
}

function isRecent(version) {
  return Number(/^v(\d+)/.exec(version.trim())?.[1]) >= 24;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
