import type { QueryApiKeysArgs, QueryRolesArgs, RoleAssignmentsArgs } from '../../generated/graphql/users.ts';
import { type Connection, planPage, readListSize } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { grants, isPermission } from '../../kernel/permissions/permission.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { UsersContext } from './loaders.ts';
import { countApiKeys, findApiKeys } from './store/keys.ts';
import { countRoles, findRoles } from './store/roles.ts';
import type { ApiKeyModel, RoleAssignmentModel, RoleModel } from './store.ts';

/** The API keys of the tenant, the newest first. */
export async function listApiKeys(context: UsersContext, args: QueryApiKeysArgs): Promise<Connection<ApiKeyModel>> {
  const ordering = { list: 'users.apiKeys', column: 'createdAt', type: 'instant', direction: 'DESC' } as const;
  const page = planPage(context.cursors, args, ordering);
  const status = args.filter?.status ?? undefined;
  const rows = await context.database.read(context, (tx) => findApiKeys(tx, status, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countApiKeys(tx, status)));
}

/** The roles of the tenant, by name. */
export async function listRoles(context: UsersContext, args: QueryRolesArgs): Promise<Connection<RoleModel>> {
  const ordering = { list: 'users.roles', column: 'name', type: 'string', direction: 'ASC' } as const;
  const page = planPage(context.cursors, args, ordering);
  const rows = await context.database.read(context, (tx) => findRoles(tx, page.query));
  return page.toConnection(rows, () => context.database.read(context, countRoles));
}

/** The latest assignments of one role. Throws `BAD_USER_INPUT` or `OPERATION_LIMIT_EXCEEDED`. */
export async function listAssignments(
  { loaders }: UsersContext,
  roleId: string,
  { first }: Partial<RoleAssignmentsArgs>,
): Promise<RoleAssignmentModel[]> {
  return [...(await loaders.latestAssignments(readListSize(first)).load(roleId))];
}

/** Whether a principal may do what a permission says. Throws `BAD_USER_INPUT` for what is none. */
export function mayDo({ permissions }: Principal, permission: string): boolean {
  if (isPermission(permission)) return grants(permissions, permission);
  const message = 'A permission is `operation:resource`, `operation:*` or `*`.';
  throw new PanoramaError('BAD_USER_INPUT', message, { field: 'permission' });
}
