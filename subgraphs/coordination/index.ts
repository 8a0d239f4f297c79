import { defineStatelessApp } from '../../kernel/subgraph/app.ts';
import { resolvers } from './resolvers.ts';

/** What follows from the data of several apps together. */
export const coordination = defineStatelessApp({
  name: 'coordination',
  directory: new URL('./', import.meta.url),
  resolvers,
});
