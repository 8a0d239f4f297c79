import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in `/proc`: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** The fields of `/proc/<pid>/stat` from the state on (proc_pid_stat(5)); undefined when the process is gone. */
function readStat(pid: number | string): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** The sum of some fields in milliseconds; the numbers are those of the manual page. */
const milliseconds = (stat: readonly string[], fields: readonly number[]) =>
  (fields.reduce((sum, field) => sum + Number(stat[field - 3]), 0) * 1000) / ticksPerSecond;

/** Processor time that a process has used so far, all its threads together, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = readStat(pid);
  if (!stat) throw new Error(`The process ${pid} has ended.`);
  return milliseconds(stat, [14, 15]);
}

/** The like of a process and all processes that it started, those that have ended included. */
export function cpuMsOfFamily(pid: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(readStat)
    .filter((stat) => stat?.[1] === String(pid));
  const parent = readStat(pid) ?? [];
  return children.reduce(
    (sum, stat) => sum + milliseconds(stat ?? [], [14, 15]),
    milliseconds(parent, [14, 15, 16, 17]),
  );
}

/** Resident memory of a process in bytes. */
export function residentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
