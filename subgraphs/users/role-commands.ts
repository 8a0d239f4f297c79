import { z } from 'zod';
import type {
  AssignRoleInput,
  CreateRoleInput,
  DeleteRoleInput,
  UnassignRoleInput,
  UpdateRoleInput,
} from '../../generated/graphql/users.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, notFound, runCommand, staleVersion } from '../../kernel/subgraph/command.ts';
import {
  baseVersion,
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
} from '../../kernel/subgraph/input.ts';
import { roleAssignment, roleChange, roleDeletion, roleUnassignment } from './access-changes.ts';
import {
  appName,
  checkHeld,
  type GiverContext,
  giverId,
  laterInstant,
  minuteOfDay,
  permissionList,
  roleName,
} from './access-input.ts';
import {
  changeAssignment,
  changeRole,
  deleteAssignment,
  deleteRoleRow,
  findRolesById,
  type Holder,
  insertRole,
  insertRoleAssignment,
} from './store/roles.ts';
import type { RoleAssignmentModel, RoleModel, UsersTransaction } from './store.ts';

const apps = () => z.array(appName()).max(50, 'Use at most 50 apps.');
const hours = () =>
  z
    .object({ from: minuteOfDay(), to: minuteOfDay() })
    .refine(({ from, to }) => from !== to, 'The two ends are the same; leave `hours` out for all day.');

const createRoleInput = z.object({
  name: roleName(),
  description: text(500).nullish(),
  permissions: permissionList(),
  apps: apps().nullish(),
  hours: hours().nullish(),
});

const updateRoleInput = z
  .object({
    id: entityId(),
    baseVersion: baseVersion().nullish(),
    name: roleName().nullish(),
    description: text(500).nullish(),
    permissions: permissionList().nullish(),
    apps: apps().nullish(),
    hours: hours().nullish(),
    allDay: z.boolean().nullish(),
  })
  .refine(({ hours, allDay }) => !(hours && allDay), { path: ['hours'], error: 'Give `hours` or `allDay`, not both.' });

const holder = { roleId: entityId(), userId: entityId().nullish(), apiKeyId: entityId().nullish() };
const deleteRoleInput = z.object({ id: entityId() });
const assignRoleInput = z.object({ ...holder, validUntil: laterInstant().nullish() });
const unassignRoleInput = z.object(holder);

const roleConstraints = {
  roles_name: { code: 'CONFLICT', field: 'name', message: 'There is a role of this name.' },
} as const satisfies ConstraintMeanings;

const twice = { code: 'CONFLICT', field: 'roleId', message: 'The role is being given twice at once.' } as const;
const assignmentConstraints = {
  role_assignments_role: { code: 'NOT_FOUND', field: 'roleId', message: 'There is no role with this id.' },
  role_assignments_user: { code: 'NOT_FOUND', field: 'userId', message: 'There is no user with this id.' },
  role_assignments_key: { code: 'NOT_FOUND', field: 'apiKeyId', message: 'There is no API key with this id.' },
  role_assignments_of_user: twice,
  role_assignments_of_key: twice,
} as const satisfies ConstraintMeanings;

/** Finds a role for a change of it or of its holders, which only those may make who hold what the role holds. */
async function findHeldRole(
  tx: UsersTransaction,
  context: GiverContext,
  id: string,
  field: string,
): Promise<CommandResult<RoleModel>> {
  const [role] = await findRolesById(tx, [id]);
  if (!role) return notFound(field, 'role');
  const held = checkHeld(context, role.permissions, field);
  return held.ok ? done(role) : held;
}

type HolderInput = Pick<AssignRoleInput, 'userId' | 'apiKeyId'>;

function readHolder({ userId, apiKeyId }: HolderInput): CommandResult<Holder> {
  if (userId != null && apiKeyId == null) return done({ userId });
  if (apiKeyId != null && userId == null) return done({ keyId: apiKeyId });
  return refused('BAD_USER_INPUT', 'userId', 'Give `userId` or `apiKeyId`: a role is given to one of them.');
}

/** Creates a role. */
export async function createRole(context: GiverContext, input: CreateRoleInput): Promise<CommandResult<RoleModel>> {
  const parsed = parseInput(createRoleInput, input);
  if (!parsed.ok) return parsed;
  const { name, description, permissions, apps, hours } = parsed.value;
  const held = checkHeld(context, permissions, 'permissions');
  if (!held.ok) return held;
  const role = {
    id: newEntityId(),
    name,
    description: description ?? null,
    permissions,
    apps: apps ?? [],
    hoursFrom: hours?.from ?? null,
    hoursTo: hours?.to ?? null,
  };
  return runCommand(context, roleConstraints, async (tx, publish) => {
    const inserted = await insertRole(tx, role);
    publish(roleChange('ROLE_CREATED', inserted));
    return done(inserted);
  });
}

/** Changes the given fields of a role, for all who have it. */
export async function updateRole(context: GiverContext, input: UpdateRoleInput): Promise<CommandResult<RoleModel>> {
  const parsed = parseInput(updateRoleInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, name, description, permissions, apps, hours, allDay } = parsed.value;
  const held = checkHeld(context, permissions ?? [], 'permissions');
  if (!held.ok) return held;
  const change = {
    ...(name != null && { name }),
    ...(description != null && { description }),
    ...(permissions && { permissions }),
    ...(apps && { apps }),
    ...(hours && { hoursFrom: hours.from, hoursTo: hours.to }),
    ...(allDay && { hoursFrom: null, hoursTo: null }),
  };
  return runCommand(context, roleConstraints, async (tx, publish) => {
    const found = await findHeldRole(tx, context, id, 'id');
    if (!found.ok) return found;
    const version = baseVersion ?? found.value.version;
    const role = await changeRole(tx, { id, version }, change);
    if (!role) return staleVersion(found.value.version);
    publish(roleChange('ROLE_UPDATED', role));
    return done(role);
  });
}

/** Deletes a role; whoever had it has it no more. */
export async function deleteRole(context: GiverContext, input: DeleteRoleInput): Promise<CommandResult<string>> {
  const parsed = parseInput(deleteRoleInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const found = await findHeldRole(tx, context, id, 'id');
    if (!found.ok) return found;
    const assignments = await deleteRoleRow(tx, found.value);
    if (!assignments) return staleVersion(found.value.version);
    for (const assignment of assignments) publish(roleUnassignment(assignment));
    publish(roleDeletion(found.value));
    return done(id);
  });
}

/** Gives a role to a user or an API key, or gives one that they have another end. */
export async function assignRole(
  context: GiverContext,
  input: AssignRoleInput,
): Promise<CommandResult<RoleAssignmentModel>> {
  const parsed = parseInput(assignRoleInput, input);
  if (!parsed.ok) return parsed;
  const holder = readHolder(parsed.value);
  if (!holder.ok) return holder;
  const { roleId, validUntil = null } = parsed.value;
  return runCommand(context, assignmentConstraints, async (tx, publish) => {
    const found = await findHeldRole(tx, context, roleId, 'roleId');
    if (!found.ok) return found;
    const known = await changeAssignment(tx, roleId, holder.value, validUntil);
    const fresh = { id: newEntityId(), roleId, ...holder.value, validUntil, createdBy: giverId(context) };
    const assignment = known ?? (await insertRoleAssignment(tx, fresh));
    publish(roleAssignment(assignment));
    return done(assignment);
  });
}

/** Takes a role from a user or an API key. */
export async function unassignRole(context: GiverContext, input: UnassignRoleInput): Promise<CommandResult<RoleModel>> {
  const parsed = parseInput(unassignRoleInput, input);
  if (!parsed.ok) return parsed;
  const holder = readHolder(parsed.value);
  if (!holder.ok) return holder;
  const { roleId } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const found = await findHeldRole(tx, context, roleId, 'roleId');
    if (!found.ok) return found;
    const assignment = await deleteAssignment(tx, roleId, holder.value);
    if (assignment) {
      publish(roleUnassignment(assignment));
      return found;
    }
    const field = holder.value.userId === undefined ? 'apiKeyId' : 'userId';
    return refused('NOT_FOUND', field, 'The role is not given to anyone with this id.');
  });
}
