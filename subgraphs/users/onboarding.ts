import { z } from 'zod';
import type { DiscardUserInput } from '../../generated/graphql/users.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, refused, unchanged } from '../../kernel/subgraph/input.ts';
import type { UsersContext } from './loaders.ts';
import { removeUnusedUser } from './store/onboarding.ts';
import { findUsersById } from './store.ts';

const discardUserInput = z.object({ id: entityId() });

/** Removes an account that nobody has used; gives its id, or null where there is none. */
export async function discardUser(
  context: UsersContext,
  input: DiscardUserInput,
): Promise<CommandResult<string | null>> {
  const parsed = parseInput(discardUserInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const [user] = await findUsersById(tx, [id]);
    if (!user) return unchanged(null);
    if (!(await removeUnusedUser(tx, id))) return refused('CONFLICT', 'id', 'The account is in use.');
    publish({ type: 'USER_DELETED', op: 'DELETE', entityId: id, version: user.version + 1, data: { id } });
    return done(id);
  });
}
