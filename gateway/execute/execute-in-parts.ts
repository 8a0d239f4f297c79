import { onAbort } from '../../kernel/resilience/on-abort.ts';
import { deliverParts, writeFirst } from './deliver-parts.ts';
import { executeNode } from './execute-node.ts';
import type { OperationResult } from './execute-operation.ts';
import { createExecution, type ExecutionArguments, introspect, watchAbortion } from './start-execution.ts';

/**
 * Executes an operation that defers a part of its answer: the first part is there when the fetches for it are done, and
 * what was deferred follows, each part when its own fetches are.
 */
export async function executeInParts(args: ExecutionArguments): Promise<OperationResult> {
  const { plan, context } = args;
  const ending = new AbortController();
  const stopListening = onAbort(context.signal, () => ending.abort(context.signal.reason));
  if (context.signal.aborted) ending.abort(context.signal.reason);
  const abortion = watchAbortion(ending.signal);
  const own = { ...args, context: { ...context, signal: ending.signal } };
  const execution = createExecution(own, abortion.aborted);
  const end = () => {
    stopListening();
    ending.abort(new DOMException('Nobody waits for the rest of the answer.', 'AbortError'));
    abortion.stopWatching();
  };
  try {
    if (plan.node) await executeNode(execution, plan.node, []);
    const introspection = introspect(args);
    const { deferred, ...first } = writeFirst(execution, plan, introspection);
    if (deferred.length > 0) {
      return { ...first, later: deliverParts({ execution, plan, introspection, end }, deferred) };
    }
    end();
    return first;
  } catch (error) {
    end();
    throw error;
  }
}
