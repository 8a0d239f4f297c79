import { z } from 'zod';
import type { DiscardFoldersInput } from '../../generated/graphql/documents.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import type { DocumentsContext } from './loaders.ts';
import { removeEmptyFolders } from './store/onboarding.ts';
import type { DocumentsTransaction } from './store.ts';

const discardFoldersInput = z.object({ ownerId: entityId() });

/** Removes the folders of an owner that hold nothing; gives their ids. */
export async function discardFolders(
  context: DocumentsContext,
  input: DiscardFoldersInput,
): Promise<CommandResult<string[]>> {
  const parsed = parseInput(discardFoldersInput, input);
  if (!parsed.ok) return parsed;
  const { ownerId } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const ids = await dropEmptyFolders(tx, publish, ownerId);
    return ids.length > 0 ? done(ids) : unchanged(ids);
  });
}

/** Removes the folders of an owner that hold nothing; gives their ids. */
export async function dropEmptyFolders(tx: DocumentsTransaction, publish: Publish, ownerId: string): Promise<string[]> {
  const ids = await removeEmptyFolders(tx, ownerId);
  for (const id of ids) {
    publish({ type: 'FOLDER_DELETED', op: 'DELETE', entityId: id, version: 2, data: { id, ownerId } });
  }
  return ids;
}
