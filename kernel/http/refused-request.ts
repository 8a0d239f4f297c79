import type { ErrorCode } from '../errors/codes.ts';
import { type ErrorDetails, PanoramaError } from '../errors/panorama-error.ts';

/** The refusal of a request for what HTTP has a status of its own, other than the one that belongs to the code. */
export class RefusedRequest extends PanoramaError {
  readonly #status: number;

  constructor(status: number, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    this.#status = status;
  }

  override get status(): number {
    return this.#status;
  }
}
