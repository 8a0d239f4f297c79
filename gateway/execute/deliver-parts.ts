import type { GraphQLError } from 'graphql';
import type { OperationPlan } from '../plan/plan-operation.ts';
import { compileObjectFields } from './compile-writer.ts';
import { createDeferral, type ErrorSources } from './deferral.ts';
import { errorsOfFirst, errorsOfPlaces } from './errors-of-parts.ts';
import type { Execution } from './execution.ts';
import type { DataObject } from './own-values.ts';
import { type ResponsePath, takeFailureErrors } from './subgraph-failure.ts';
import { type DeferredPlace, refusalErrors, startWriting, type Writing } from './writing.ts';
import { WrittenData } from './written-data.ts';

/** A deferred part of an answer at one place. */
export interface AnswerPart {
  /** The object that its fields belong to. */
  readonly path: ResponsePath;
  /** As the client gave it. */
  readonly label: string | undefined;
  /** Null when a null rose to the top of the part. */
  readonly data: WrittenData;
  /** Never empty. Their paths begin at the root of the answer. */
  readonly errors?: readonly GraphQLError[];
}

/** Parts that are there at the same time. */
export interface LaterAnswer {
  readonly parts: readonly AnswerPart[];
  /** Whether more will come. */
  readonly hasNext: boolean;
}

/** An execution whose first part is written. */
export interface Delivery {
  readonly execution: Execution;
  readonly plan: OperationPlan;
  readonly introspection: DataObject;
  /** Ends what is still under way. */
  readonly end: () => void;
}

/** What was written, and where something is deferred in it. */
interface Written {
  readonly data: WrittenData;
  readonly errors?: readonly GraphQLError[];
  readonly deferred: readonly DeferredPlace[];
}

/** Writes the part of an answer that is not deferred. */
export function writeFirst(execution: Execution, { shape }: OperationPlan, introspection: DataObject): Written {
  const writing = startWriting(execution, introspection);
  const outcome = compileObjectFields(shape, shape.typeName)(writing, execution.root);
  const told = errorsOfFirst(shape, execution.errors, execution.variables);
  return finish(writing, outcome === true, told);
}

function finish(writing: Writing, isWritten: boolean, told: readonly GraphQLError[]): Written {
  const { text, deferred, execution } = writing;
  const errors = [...told, ...takeFailureErrors(execution.failures), ...refusalErrors(writing)];
  const data = new WrittenData(isWritten ? text : 'null');
  return { data, deferred: isWritten ? deferred : [], ...(errors.length > 0 && { errors }) };
}

/**
 * Gives the deferred parts of an answer, each when its fetches are done, and never before the part that it stands in.
 * A part that stands at several places comes at all of them at once.
 */
export async function* deliverParts(
  delivery: Delivery,
  places: readonly DeferredPlace[],
): AsyncGenerator<LaterAnswer, void> {
  const { execution, end } = delivery;
  const { blocks, errors } = execution.deferral ?? createDeferral(execution.errors);
  const waiting = new Map<number, DeferredPlace[]>();
  const expect = (place: DeferredPlace) => {
    const { number } = place.part;
    waiting.set(number, [...(waiting.get(number) ?? []), place]);
  };
  try {
    places.forEach(expect);
    while (waiting.size > 0) {
      const number = await Promise.race(
        Array.from(waiting.keys(), (one) => Promise.resolve(blocks.get(one)?.done).then(() => one)),
      );
      const ready = waiting.get(number) ?? [];
      waiting.delete(number);
      const parts = writePlaces(delivery, ready, blocks.get(number)?.errors ?? errors);
      for (const { deferred } of parts) deferred.forEach(expect);
      yield { parts: parts.map(({ deferred: _, ...part }) => part), hasNext: waiting.size > 0 };
    }
  } finally {
    end();
  }
}

/** Writes one part at all its places. */
function writePlaces(
  { execution, plan, introspection }: Delivery,
  places: readonly DeferredPlace[],
  sources: ErrorSources,
): readonly (AnswerPart & Written)[] {
  const errorsAt = errorsOfPlaces(places, sources, execution.variables);
  return places.map(({ part, path, source, objectTypeName }, index) => {
    const errors = errorsAt[index] ?? [];
    const writing = startWriting(execution, introspection, { path, errors });
    const outcome = compileObjectFields(part, objectTypeName)(writing, source);
    return { path, label: plan.partLabels[part.number], ...finish(writing, outcome === true, errors) };
  });
}
