import type { Change } from './change.ts';

/** What is known by a change is replaced by the next of the same record; an ACK says something of a client instead. */
function subjectOf({ op, entity, entityId, clientId }: Change): string {
  return op === 'ACK' ? `ack ${clientId}` : `record ${entity} ${entityId}`;
}

/** Leaves of the changes to each record the newest, where that stood; deletions stay. */
export function compactChanges(changes: readonly Change[]): readonly Change[] {
  const newest = new Map<string, Change>();
  for (const change of changes) newest.set(subjectOf(change), change);
  return newest.size === changes.length
    ? changes
    : changes.filter((change) => newest.get(subjectOf(change)) === change);
}
