import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';

/** How many errors one cause may add to a response; the last of them tells how many more there were. */
export const maxErrorsPerCause = 100;

export type ResponsePath = readonly (string | number)[];

/** A fetch that brought no answer. It becomes errors where its fields are missing from the response, and only there. */
export interface SubgraphFailure {
  readonly code: 'SUBGRAPH_UNAVAILABLE' | 'DEADLINE_EXCEEDED';
  readonly subgraph: string;
  /** Where a field that the client asked for is missing; at most `maxErrorsPerCause` of them are kept. */
  readonly missingAt: ResponsePath[];
  missingCount: number;
}

export function createSubgraphFailure(code: SubgraphFailure['code'], subgraph: string): SubgraphFailure {
  return { code, subgraph, missingAt: [], missingCount: 0 };
}

/** Notes that a field of the response is missing because of a failure. */
export function noteMissing(failure: SubgraphFailure, path: ResponsePath): void {
  failure.missingCount += 1;
  if (failure.missingAt.length < maxErrorsPerCause) failure.missingAt.push([...path]);
}

/** The errors of failures for what was written last; what is written next has its own. */
export function takeFailureErrors(failures: readonly SubgraphFailure[]): readonly GraphQLError[] {
  const errors = failures.flatMap(failureErrors);
  for (const failure of failures) {
    failure.missingAt.length = 0;
    failure.missingCount = 0;
  }
  return errors;
}

/** The errors of a failure: one per missing field. */
export function failureErrors({ code, subgraph, missingAt, missingCount }: SubgraphFailure): readonly GraphQLError[] {
  const message =
    code === 'DEADLINE_EXCEEDED'
      ? `The app "${subgraph}" did not answer before the deadline of the request.`
      : `The app "${subgraph}" did not answer.`;
  const unlisted = missingCount - missingAt.length;
  return missingAt.map((path, index) => {
    const isLast = index === missingAt.length - 1;
    const rest = isLast && unlisted > 0 ? ` ${unlisted} more fields are missing for the same reason.` : '';
    return new PanoramaError(code, message + rest, { app: subgraph }, { path });
  });
}
