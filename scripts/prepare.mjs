// Runs before `npm start` and `npm test`, on whatever Node the machine has: no dependency, and no
// syntax newer than Node 12, so that an old one reaches the sentence that says what to do.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.env.MIXDOWN_ROOT || path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const lock = path.join(root, '.cache', 'install.lock');

if (staleness()) withLock(install);
requireNode();

/** Why node_modules does not match package-lock.json, or nothing when it does. */
function staleness() {
  const installed = packages(path.join(modules, '.package-lock.json'));
  if (!installed) return 'node_modules is missing or half made';
  const locked = packages(path.join(root, 'package-lock.json')) || {};
  for (const name of Object.keys(locked)) {
    const want = locked[name];
    // Optional ones depend on the platform; links are folders of this repository.
    if (name === '' || want.optional || want.devOptional || want.link) continue;
    const have = installed[name];
    if (!have || have.version !== want.version) return `${name} is not at ${want.version}`;
  }
  return '';
}

function packages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function install() {
  const why = staleness(); // whoever held the lock before may have done the work
  if (!why) return;
  console.log(`Installing the packages with \`npm ci\`, because ${why}.`);
  // Not with the node inside node_modules, which `npm ci` removes while it runs.
  const PATH = (process.env.PATH || '')
    .split(path.delimiter)
    .filter((folder) => !folder.startsWith(modules))
    .join(path.delimiter);
  const env = Object.assign({}, process.env, { PATH: PATH });
  const shell = process.platform === 'win32';
  // Its warnings are about the machine's Node, which only installs: the packages run on their own.
  const args = ['ci', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: root, env: env, shell: shell, stdio: 'inherit' });
  if (npm.error || npm.status !== 0) {
    fail(
      `\`npm ci\` failed${npm.error ? `: ${npm.error.message}` : ''}; run it by hand to see why.`,
    );
  }
}

/** One install at a time: `npm start` and `npm test` may both meet a fresh clone. */
function withLock(work) {
  let told = false;
  while (!acquire()) {
    if (!told) console.log('Waiting for another npm command that installs the packages.');
    told = true;
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
    fs.linkSync(mine, lock); // a lock file is never seen without its pid
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeIfDead();
    return false;
  } finally {
    fs.unlinkSync(mine);
  }
}

/** Two may find the same dead lock: it is moved away, looked at again, and put back if it lives. */
function removeIfDead() {
  const grave = `${lock}.dead.${process.pid}`;
  try {
    if (lives(fs.readFileSync(lock, 'utf8'))) return;
    fs.renameSync(lock, grave);
    if (lives(fs.readFileSync(grave, 'utf8'))) fs.linkSync(grave, lock);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  remove(grave);
}

function lives(pid) {
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

/** The npm scripts run on the `node` package where it works, else on the machine's own Node. */
function requireNode() {
  if (recent(process.version)) return;
  const own = spawnSync(path.join(modules, '.bin', 'node'), ['--version'], { encoding: 'utf8' });
  if (own.status === 0 && recent(own.stdout)) return;
  fail(
    `Mixdown needs Node 24 or newer and found ${process.version}: install it, or let ` +
      'npm run install scripts (`npm ci` without --ignore-scripts), which brings its own.',
  );
}

function recent(version) {
  return Number(/^v(\d+)/.exec(version.trim())?.[1]) >= 24;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
