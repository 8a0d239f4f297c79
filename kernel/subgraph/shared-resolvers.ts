import type { DocumentNode } from 'graphql';
import { feedTypeResolvers } from '../changes/feed-fields.ts';
import { scalarResolvers } from './scalars.ts';

const sharedResolvers = { ...scalarResolvers, ...feedTypeResolvers };

/** The resolvers of what a schema has of `shared.graphql`: they are the same in every app. */
export function sharedResolversFor({ definitions }: DocumentNode): Partial<typeof sharedResolvers> {
  const defined = new Set(definitions.map((one) => ('name' in one ? one.name?.value : undefined)));
  return Object.fromEntries(Object.entries(sharedResolvers).filter(([name]) => defined.has(name)));
}
