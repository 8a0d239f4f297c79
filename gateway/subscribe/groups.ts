import { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { ScopedKey } from '../../kernel/tenancy/scope.ts';
import type { SubgraphFailureObserver } from '../execute/execute-operation.ts';
import type { AdmittedOperation, OperationRequest } from '../pipeline.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import type { ServedSupergraph } from '../supergraph/served-supergraph.ts';
import { type FollowedOperation, followedOperation } from './followed-operation.ts';
import { Group } from './group.ts';
import type { Member, Standing } from './member.ts';
import { endedByChange, somethingFailed } from './stream-errors.ts';

/** What groups work with. */
export interface GroupParts {
  readonly current: () => ServedSupergraph;
  /** Admits an operation again, without a charge. */
  readonly readmit: (
    request: OperationRequest,
  ) => Promise<AdmittedOperation | { readonly errors: readonly GraphQLError[] }>;
  readonly onSubgraphFailure: SubgraphFailureObserver;
  /** How long what one event needs of other subgraphs may take, in milliseconds. */
  readonly eventDeadlineMs: number;
}

const reconsideredAtOnce = 50;
const firstRetryMs = 20;
const longestRetryMs = 5_000;

type GroupsByCursor = Map<string | null, Group>;

/** All groups, and where those are that others can join: one at each cursor of each followed operation. */
export class Groups {
  readonly parts: GroupParts;
  readonly #all = new Set<Group>();
  readonly #listed = new WeakMap<OperationPlan, Map<ScopedKey, GroupsByCursor>>();

  constructor(parts: GroupParts) {
    this.parts = parts;
  }

  /** Puts a member into the group that is at its cursor, or into a new one. */
  join(member: Member, { operation, cursor }: Standing, isFresh: boolean): Group {
    const known = operation.source.cursor && this.#listOf(operation)?.get(cursor);
    if (known) {
      known.add(member);
      return known;
    }
    const group = new Group(this, operation, cursor, isFresh);
    this.#all.add(group);
    group.add(member);
    this.list(group, operation, cursor);
    void group.run();
    return group;
  }

  /** Takes a member back that stood alone: by the supergraph that is served now. */
  readonly rejoin = (member: Member, standing: Standing): void => {
    this.#rejoin(member, standing).catch((cause: unknown) => {
      const { request, source } = standing.operation;
      this.noteFailure(source.subgraph, request.context, cause);
      member.end([somethingFailed(request.context)]);
    });
  };

  async #rejoin(member: Member, standing: Standing): Promise<void> {
    const operation = this.isOld(standing.operation) ? await this.readmit(standing.operation) : standing.operation;
    if (member.isOver) return;
    if (operation instanceof GraphQLError) member.end([operation]);
    else this.join(member, { ...standing, operation }, false);
  }

  /** Notes where a group is. Where another one is already, the two become one. */
  list(group: Group, operation: FollowedOperation, cursor: string | null): void {
    if (group.operation !== operation || group.cursor !== cursor) this.unlist(group);
    group.operation = operation;
    group.cursor = cursor;
    if (!operation.source.cursor) return;
    const list = this.#listOf(operation) ?? this.#createList(operation);
    const other = list.get(cursor);
    if (!other || other === group) {
      list.set(cursor, group);
    } else if (other.isOpen || !group.isOpen) {
      group.moveInto(other);
    } else {
      other.moveInto(group);
      this.list(group, operation, cursor);
    }
  }

  /** Nobody can join the group where it is. */
  unlist(group: Group): void {
    const { operation, cursor } = group;
    const list = this.#listOf(operation);
    if (list?.get(cursor) === group) list.delete(cursor);
  }

  /** It has no members any more. */
  forget(group: Group): void {
    this.unlist(group);
    this.#all.delete(group);
    const { admitted, key } = group.operation;
    if (this.#listOf(group.operation)?.size === 0) this.#listed.get(admitted.plan)?.delete(key);
  }

  /** Has all groups look at the supergraph that is served now, a few at a time: others want to be served too. */
  reconsider(): void {
    const groups = [...this.#all];
    const go = () => {
      for (const group of groups.splice(0, reconsideredAtOnce)) group.reconsider();
      if (groups.length > 0) setImmediate(go);
    };
    go();
  }

  isOld({ admitted }: FollowedOperation): boolean {
    return admitted.plan.supergraphId !== this.parts.current().supergraph.id;
  }

  /** The operation by the supergraph that is served now, or the error for which it cannot go on. */
  async readmit(before: FollowedOperation): Promise<FollowedOperation | GraphQLError> {
    const admitted = await this.parts.readmit(before.request).catch((error: unknown) => {
      if (error instanceof PanoramaError) return { errors: [error] };
      throw error;
    });
    if ('errors' in admitted) return endedByChange(admitted.errors[0]);
    const next = followedOperation(before.request, admitted);
    return !next || (before.source.cursor && !next.source.cursor) ? endedByChange(undefined) : next;
  }

  noteFailure(app: string, context: RequestContext, cause: unknown): void {
    this.parts.onSubgraphFailure({ app, context, cause });
  }

  /** How long to wait after so many failures in a row, in milliseconds; not the same for all who wait. */
  retryDelay(failures: number): number {
    return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10)) * (0.5 + Math.random() / 2);
  }

  #listOf({ admitted, key }: FollowedOperation): GroupsByCursor | undefined {
    return this.#listed.get(admitted.plan)?.get(key);
  }

  #createList({ admitted: { plan }, key }: FollowedOperation): GroupsByCursor {
    const lists = this.#listed.get(plan) ?? new Map<ScopedKey, GroupsByCursor>();
    this.#listed.set(plan, lists);
    const list: GroupsByCursor = new Map();
    lists.set(key, list);
    return list;
  }
}
