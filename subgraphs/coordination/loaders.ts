import type { PrismaClient } from '../../generated/prisma/coordination/client.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';

/** Nothing is looked up by key here yet. */
export type CoordinationLoaders = Readonly<Record<never, never>>;

export type CoordinationContext = AppContext<PrismaClient, CoordinationLoaders>;

export function createCoordinationLoaders(): CoordinationLoaders {
  return {};
}
