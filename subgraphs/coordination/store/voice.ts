import type { VoiceCommandFilter } from '../../../generated/graphql/coordination.ts';
import type { VoiceCommand } from '../../../generated/prisma/coordination/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { CoordinationTransaction } from '../store.ts';

export type NewVoiceCommand = Pick<VoiceCommand, 'id' | 'command' | 'userId' | 'sourceApp'>;
export type VoiceCommandEnd = Pick<VoiceCommand, 'success' | 'speech'>;

export function insertVoiceCommand(tx: CoordinationTransaction, command: NewVoiceCommand): Promise<VoiceCommand> {
  return tx.client.voiceCommand.create({ data: { ...command, tenantId: tx.tenantId, startedAt: new Date() } });
}

/** Notes how a command ended, and counts its version up. */
export function endVoiceCommand(tx: CoordinationTransaction, id: string, end: VoiceCommandEnd): Promise<VoiceCommand> {
  return tx.client.voiceCommand.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id } },
    data: { ...end, endedAt: new Date(), version: { increment: 1 } },
  });
}

export function findVoiceCommandsById(tx: CoordinationTransaction, ids: readonly string[]): Promise<VoiceCommand[]> {
  return tx.client.voiceCommand.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } } });
}

function whereVoiceCommands({ tenantId }: CoordinationTransaction, { command, userId, success }: VoiceCommandFilter) {
  return {
    tenantId,
    ...(command != null && { command: { in: [...command] } }),
    ...(userId != null && { userId }),
    ...(success != null && { success }),
  };
}

export function findVoiceCommands(
  tx: CoordinationTransaction,
  filter: VoiceCommandFilter,
  page: PageQuery,
): Promise<VoiceCommand[]> {
  const where = { AND: [whereVoiceCommands(tx, filter), page.where] };
  return tx.client.voiceCommand.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countVoiceCommands(tx: CoordinationTransaction, filter: VoiceCommandFilter): Promise<number> {
  return tx.client.voiceCommand.count({ where: whereVoiceCommands(tx, filter) });
}
