import { type ChildProcess, spawn } from 'node:child_process';

// Reads "+pid" and "-pid" from a pipe. When this process ends, in whatever way, the pipe is closed,
// and the shell ends every process that is still on its list: by SIGTERM first, so that mongod need
// not recover.
const script = `
trap '' INT TERM HUP
pids=
while read -r sign pid; do
  if [ "$sign" = + ]; then pids="$pids $pid"
  else left=; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left
  fi
done
[ -n "$pids" ] || exit 0
kill -TERM $pids 2>/dev/null
n=0
while [ $n -lt 50 ]; do
  alive=; for p in $pids; do kill -0 "$p" 2>/dev/null && alive="$alive $p"; done
  [ -n "$alive" ] || exit 0
  sleep 0.1; n=$((n + 1))
done
kill -KILL $alive 2>/dev/null
`;

let shell: ChildProcess | undefined;

/** Makes sure that a child ends when this process does, even by `kill -9`. */
export function endWithParent(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  write(`+ ${pid}`);
  child.once('exit', () => write(`- ${pid}`));
}

function write(line: string): void {
  shell ??= start();
  shell.stdin?.write(`${line}\n`);
}

function start(): ChildProcess {
  // In a process group of its own, because Ctrl-C in the terminal is for the supervisor alone.
  const child = spawn('sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.stdin?.on('error', () => {
    shell = undefined; // it was ended by somebody else; the next child starts another one
  });
  child.unref();
  if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') {
    child.stdin.unref();
  }
  return child;
}
