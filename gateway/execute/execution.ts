import type { GraphQLError } from 'graphql';
import type { Connection, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { FetchNode } from '../plan/plan-node.ts';
import type { Deferral } from './deferral.ts';
import type { FoundTargets } from './find-targets.ts';
import type { Overlays } from './overlays.ts';
import type { DataObject } from './own-values.ts';
import type { SubgraphFailure } from './subgraph-failure.ts';

/** Why some fields of one object are missing. */
export interface Absence {
  readonly responseNames: ReadonlySet<string>;
  readonly reason: AbsenceReason;
}

/**
 * A failure becomes an error wherever a field is missing for it. `explained`: an error that the subgraph returned says
 * why. `no entity`: the subgraph knows no such entity, or the object has no key for it; that is no error.
 */
export type AbsenceReason = SubgraphFailure | 'explained' | 'no entity';

/** Told of every fetch that failed, with its cause, which no client sees. */
export type SubgraphFailureObserver = (failed: {
  readonly app: string;
  readonly context: RequestContext;
  readonly cause: unknown;
}) => void;

/** One run of a plan: its inputs, and what is known so far. */
export interface Execution {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly context: RequestContext;
  readonly onSubgraphFailure: SubgraphFailureObserver;
  /** Extensions of a subgraph's errors that are passed on beside `code`. */
  readonly keptExtensions: readonly string[];
  /**
   * The answers to what was asked so far, by subgraph, document and variables: nothing is asked twice. Undefined for a
   * mutation, whose later parts have to see what the earlier ones wrote.
   */
  readonly reads: Map<string, Promise<SubgraphResponse>> | undefined;
  /** Whether a fetch of the plan takes values from above its entities. */
  readonly hasContexts: boolean;
  /** The object that the root fields are added to; empty itself. */
  readonly root: DataObject;
  /**
   * What the fetches brought to the objects of earlier answers, and to the root, by the response names of the client; it
   * may be more than the client asked for.
   */
  readonly overlays: Overlays;
  /** What clients call the response names that only fetches use. */
  readonly clientNames: ReadonlyMap<string, string>;
  lastFound: FoundTargets | undefined;
  /** Whether all answers so far are known to hold no text that JSON has to escape. */
  hasPlainTexts: boolean;
  readonly errors: GraphQLError[];
  readonly failures: SubgraphFailure[];
  readonly absences: Map<DataObject, Absence[]>;
  /** Rejects when the request's signal ends. */
  readonly aborted: Promise<never>;
  /** Undefined for an answer that is one. */
  readonly deferral: Deferral | undefined;
}

/** Notes that an object lacks the fields of a fetch. */
export function noteAbsence(
  { absences }: Execution,
  object: DataObject,
  { responseNames }: FetchNode,
  reason: AbsenceReason,
): void {
  const known = absences.get(object);
  if (known) known.push({ responseNames, reason });
  else absences.set(object, [{ responseNames, reason }]);
}

/** Why an object lacks a field, if that is known; a failure rather than another reason. */
export function findAbsence(
  { absences }: Execution,
  object: DataObject,
  responseName: string,
): AbsenceReason | undefined {
  const reasons = absences
    .get(object)
    ?.flatMap((absence) => (absence.responseNames.has(responseName) ? absence.reason : []));
  return reasons?.find((reason) => typeof reason === 'object') ?? reasons?.[0];
}
