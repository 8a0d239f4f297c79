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
      const member = new Member(groups.rejoin);
      member.onOver(onAbort(signal, () => member.stop()));
      const cursor = operation.source.cursor?.firstOf(admitted.variables) ?? null;
      const errors = await groups.join(member, { operation, cursor }, true).opened;
      if (errors && errors.length > 0) return { kind: 'refused', errors };
      return errors || (member.isOver && signal.aborted) ? refused() : { kind: 'started', answers: member };
    },
    reconsider: () => groups.reconsider(),
  };
}
