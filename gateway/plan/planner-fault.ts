/** Says that the planner of Apollo has found no plan, or a wrong one; never a fault of the operation. */
export class PlannerFault extends Error {
  override readonly name = 'PlannerFault';

  /**
   * @param reason A sentence, for the log.
   * @param cause What the planner threw.
   */
  constructor(reason: string, cause?: unknown) {
    super(`No plan was found for the operation. ${reason}`, { cause });
  }
}

/** Says that there are too many ways to plan an operation. */
export class TooManyWays extends PlannerFault {
  /** The bound that was reached. */
  readonly bound: number;

  constructor(bound: number, cause: unknown) {
    super('There are too many ways to plan it.', cause);
    this.bound = bound;
  }
}
