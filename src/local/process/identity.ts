import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process and when it was born: a pid alone is given to another after a while. */
export type ProcessIdentity = { pid: number; born: string };

/** When a process was born, in the system's own words; empty when there is none. */
export function bornAt(pid: number): string {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in brackets may hold spaces: count from behind it. Field 3 is the state, 22 the birth.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? '' : (fields[19] ?? '');
    } catch (error) {
      if (error instanceof Error && 'code' in error) return ''; // gone, or being torn down
      throw error;
    }
  }
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

/** Whether that very process still lives. */
export function isSame({ pid, born }: ProcessIdentity): boolean {
  return born !== '' && bornAt(pid) === born;
}
