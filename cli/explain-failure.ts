import { isLoginRefused, isMissingFromSchema, isUnreachable } from '../kernel/data/database-errors.ts';
import { StartRefused } from '../kernel/data/start-refused.ts';

/**
 * What a failure of the database means to the operator, who sees no stack.
 *
 * @param app Whose role was to be let in.
 */
export function explainFailure(error: unknown, app: string): unknown {
  if (isMissingFromSchema(error)) {
    return new StartRefused(
      'The database is not that of this version. Start the platform once; it brings it up to date.',
    );
  }
  if (isLoginRefused(error)) {
    return new StartRefused(
      `The database did not let the ${app} app in. Start the platform once if it never ran on this database; else the ` +
        'secret (PANORAMA_SECRET, or the file `secret` of the data directory) is not the one that it runs with.',
    );
  }
  if (isUnreachable(error)) return new StartRefused('The database does not answer. Try again when it runs.');
  return error;
}
