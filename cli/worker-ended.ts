/** A worker that ended before it served. It has said why itself; what is left is its exit code. */
export class WorkerEnded extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`A worker ended with ${exitCode} before it served.`);
    this.exitCode = exitCode;
  }
}
