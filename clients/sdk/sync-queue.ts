import type { Edit, PendingMutation, RefusedMutation } from './records.ts';
import type { Changes, Json } from './storage.ts';
import type { PushAnswer } from './sync-server.ts';
import { type ClientIdentity, keys } from './sync-state.ts';

/*
 * What changes in the kept state, as pure functions. A mutation leaves the queue when two things have come, in any order:
 * the answer that says what became of it, and the feed's telling of its effect. With the first alone the edit would be
 * seen to vanish and come back; with the second alone a refusal could be missed. A refused one leaves with the answer.
 */

/** Which mutation made a change; null for those that nobody pushed. */
export interface MutationName {
  readonly clientId: string | null;
  readonly mutationId: number | null;
}

/** A client that nobody has seen. */
export function newIdentity(id: string): ClientIdentity {
  return { id, nextId: 1, nextPlace: 1 };
}

/** An edit joins the queue: its number and its effect are kept together. */
export function enqueue(client: ClientIdentity, edit: Edit): Changes {
  const mutation: PendingMutation = {
    ...edit,
    place: client.nextPlace,
    clientId: client.id,
    id: client.nextId,
    applied: false,
    told: false,
  };
  return {
    [keys.pending(mutation.place)]: asJson(mutation),
    [keys.client]: { ...client, nextId: client.nextId + 1, nextPlace: client.nextPlace + 1 },
  };
}

/** What a push was answered with, for those of the mutations it sent that are still in the queue. */
export function acknowledge(
  queued: readonly PendingMutation[],
  answer: PushAnswer,
): { readonly changes: Changes; readonly refused: readonly RefusedMutation[] } {
  const changes: Record<string, Json | undefined> = {};
  const refused: RefusedMutation[] = [];
  for (const mutation of queued.filter(({ id }) => id <= answer.lastMutationId)) {
    const result = answer.results.find(({ id }) => id === mutation.id);
    const status = result?.original ?? result?.status;
    const isRefused = status === 'REJECTED' || status === 'CONFLICT';
    const leaves = isRefused || mutation.told;
    changes[keys.pending(mutation.place)] = leaves ? undefined : asJson({ ...mutation, applied: true });
    if (!isRefused) continue;
    const { code = null, field = null, message = null, serverRecord = null } = result ?? {};
    const kept: RefusedMutation = { ...mutation, status, code, field, message, serverRecord };
    refused.push(kept);
    changes[keys.refused(mutation.place)] = asJson(kept);
  }
  return { changes, refused };
}

/** The mutations that changes tell of: a client's are applied in order, so a change by one of them covers all before it. */
export function covered(
  pending: readonly PendingMutation[],
  changes: readonly MutationName[],
): readonly PendingMutation[] {
  const reached = new Map<string, number>();
  for (const { clientId, mutationId } of changes) {
    if (clientId !== null && mutationId !== null) {
      reached.set(clientId, Math.max(mutationId, reached.get(clientId) ?? 0));
    }
  }
  return pending.filter(({ clientId, id }) => id <= (reached.get(clientId) ?? 0));
}

/** What the feed has told of the own mutations. */
export function cover(pending: readonly PendingMutation[], changes: readonly MutationName[]): Changes {
  return Object.fromEntries(
    covered(pending, changes).map((mutation) => [
      keys.pending(mutation.place),
      mutation.applied ? undefined : asJson({ ...mutation, told: true }),
    ]),
  );
}

/** What the server has not applied goes on under another client id, numbered anew, in the same order. */
export function fork(pending: readonly PendingMutation[], client: ClientIdentity, newId: string): Changes {
  const queued = pending.filter(({ applied, told }) => !applied && !told);
  const renamed = queued.map((mutation, index) => ({ ...mutation, clientId: newId, id: index + 1 }));
  return {
    ...Object.fromEntries(renamed.map((mutation) => [keys.pending(mutation.place), asJson(mutation)])),
    [keys.client]: { ...client, id: newId, nextId: queued.length + 1 },
  };
}

/** Interfaces have no index signature, so the type check does not see that these hold JSON only. */
function asJson(mutation: PendingMutation): Json {
  return mutation as unknown as Json;
}
