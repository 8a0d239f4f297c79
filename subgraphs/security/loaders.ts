import type { PrismaClient } from '../../generated/prisma/security/client.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';

/** Nothing is looked up by key here yet. */
export type SecurityLoaders = Readonly<Record<never, never>>;

export type SecurityContext = AppContext<PrismaClient, SecurityLoaders>;

export function createSecurityLoaders(): SecurityLoaders {
  return {};
}
