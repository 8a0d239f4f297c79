import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { AdmittedOperation, OperationRequest } from '../pipeline.ts';
import type { Subscription } from './answers.ts';
import { followedOperation } from './followed-operation.ts';
import { type GroupParts, Groups } from './groups.ts';
import { Member } from './member.ts';
import { unavailable } from './stream-errors.ts';

/** Begins subscriptions. */
export interface Subscriber {
  /**
   * Runs an admitted subscription (`CreateSourceEventStream` and `MapSourceToResponseEvent` of the GraphQL
   * specification): for each event of its source the rest of the plan is executed. Those of one scope who follow the same
   * operation share all of it, where its field has cursors.
   *
   * What goes wrong with one event is told in its answer, and the stream goes on. When the source breaks off, a field with
   * cursors goes on where it was; any other ends with SUBGRAPH_UNAVAILABLE.
   */
  subscribe(request: OperationRequest, admitted: AdmittedOperation): Promise<Subscription>;
  /** Another supergraph is served. Without this, a subscription notices it at its next event. */
  reconsider(): void;
}

export function createSubscriber(parts: GroupParts): Subscriber {
  const groups = new Groups(parts);
  return {
    async subscribe(request, admitted) {
      const operation = followedOperation(request, admitted);
      if (!operation) throw new PanoramaError('BAD_USER_INPUT', 'The operation is no subscription.');
      const { signal } = request.context;
      const refused = (): Subscription => ({ kind: 'refused', errors: [unavailable(operation.source.subgraph)] });
      if (signal.aborted) return refused();
      const cursor = operation.source.cursor?.firstOf(admitted.variables) ?? null;
      const member = new Member(groups.rejoin);
      stopWith(signal, member);
      const errors = await groups.join(member, { operation, cursor }, true).opened;
      if (errors && errors.length > 0) return { kind: 'refused', errors };
      // A group that was never open may have become part of another, with its members.
      const isGone = member.isOver && (errors !== undefined || signal.aborted);
      return isGone ? refused() : { kind: 'started', answers: member };
    },
    reconsider: () => groups.reconsider(),
  };
}

/** Apart, so that what is kept for as long as the subscription runs keeps nothing of its beginning. */
function stopWith(signal: AbortSignal, member: Member): void {
  member.onOver(onAbort(signal, () => member.stop()));
}
