import { z } from 'zod';
import type { AnnounceMaintenanceInput, Maintenance } from '../../generated/graphql/coordination.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, parseInput, text } from '../../kernel/subgraph/input.ts';
import type { CoordinationContext } from './loaders.ts';

const announceMaintenanceInput = z
  .object({ message: text(500), startsAt: z.date(), endsAt: z.date() })
  .refine(({ startsAt, endsAt }) => startsAt < endsAt, { path: ['endsAt'], message: 'The end lies after the start.' })
  .refine(({ endsAt }) => endsAt.getTime() > Date.now(), { path: ['endsAt'], message: 'This is over already.' });

/** Tells the tenant of a maintenance. The change log is where it is kept, and feeds are how everyone hears of it. */
export async function announceMaintenance(
  context: CoordinationContext,
  input: AnnounceMaintenanceInput,
): Promise<CommandResult<Maintenance>> {
  const parsed = parseInput(announceMaintenanceInput, input);
  if (!parsed.ok) return parsed;
  const maintenance = { id: newEntityId(), ...parsed.value };
  return runCommand(context, {}, async (_tx, publish) => {
    const data = toChangeData(maintenance);
    publish({ type: 'SYSTEM_MAINTENANCE', entityId: maintenance.id, version: 1, data });
    return done(maintenance);
  });
}
