import type { EventCatalogue } from './catalogue.ts';
import { type Change, priorities } from './change.ts';
import type { ChangeFilter } from './feed.ts';

type Condition = (change: Change) => boolean;

function oneOf(values: readonly string[], read: (change: Change) => string): Condition {
  const wanted = new Set(values);
  return (change) => wanted.has(read(change));
}

/** Makes the test of a filter: a change has to meet all that it sets a bound by. */
export function matchFilter(catalogue: EventCatalogue, filter: ChangeFilter = {}): Condition {
  const { types, apps, entities, entityIds, minPriority } = filter;
  const conditions: Condition[] = [];
  if (types) conditions.push(oneOf(types, ({ type }) => type));
  if (entities) conditions.push(oneOf(entities, ({ entity }) => entity));
  if (entityIds) conditions.push(oneOf(entityIds, ({ entityId }) => entityId));
  if (apps) {
    const isFor = ({ app, type }: Change, one: string) => app === one || catalogue.get(type)?.targets.includes(one);
    conditions.push((change) => apps.some((one) => isFor(change, one)));
  }
  if (minPriority) {
    const least = priorities.indexOf(minPriority);
    conditions.push(({ priority }) => priorities.indexOf(priority) >= least);
  }
  return (change) => conditions.every((meets) => meets(change));
}
