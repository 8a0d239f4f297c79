import type { AppRules } from '../../kernel/permissions/app-rules.ts';
import { grants } from '../../kernel/permissions/permission.ts';
import { notFound } from '../../kernel/subgraph/command.ts';
import { type CommandResult, refused } from '../../kernel/subgraph/input.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { ActivityModel, LeadModel } from './store.ts';

/** The users to one of whom a lead has to be assigned; undefined where that does not matter. */
export type Assignees = readonly string[] | undefined;

/**
 * Whose leads a principal may read or write: everyone's with `read:leads` (`write:leads`), those assigned to its user with
 * `read:assigned-leads` (`write:assigned-leads`), nobody's otherwise.
 */
export function assigneesFor({ permissions, userId }: Principal, operation: 'read' | 'write'): Assignees {
  if (grants(permissions, `${operation}:leads`)) return undefined;
  return userId !== undefined && grants(permissions, `${operation}:assigned-leads`) ? [userId] : [];
}

/**
 * Whose leads a principal may read about in activities. `read:activities` shows them all by itself; but one who may see
 * the leads assigned to them must not learn of the others here.
 */
export function assigneesOfSubjects(principal: Principal): Assignees {
  return grants(principal.permissions, 'read:assigned-leads') ? assigneesFor(principal, 'read') : undefined;
}

function isAssignedTo(assignees: Assignees, { assigneeId }: Pick<LeadModel, 'assigneeId'>): boolean {
  return assignees === undefined || (assigneeId !== null && assignees.includes(assigneeId));
}

/** Whether a principal may change or convert a lead. */
export function mayWriteLead(principal: Principal, lead: LeadModel): boolean {
  return isAssignedTo(assigneesFor(principal, 'write'), lead);
}

/** The refusal to change a lead; to a principal that may not even see it, the lead does not exist. */
export function refuseLeadChange(principal: Principal, lead: LeadModel): CommandResult<never> | undefined {
  if (mayWriteLead(principal, lead)) return undefined;
  if (!isAssignedTo(assigneesFor(principal, 'read'), lead)) return notFound('id', 'lead');
  return refused('FORBIDDEN', 'id', 'The lead is not assigned to you: this needs the permission write:leads.');
}

/** The refusal to hand a lead over: one who may only write their own leads may not give them away. */
export function refuseHandOver(principal: Principal, assigneeId: string | null): CommandResult<never> | undefined {
  if (isAssignedTo(assigneesFor(principal, 'write'), { assigneeId })) return undefined;
  return refused('FORBIDDEN', 'assigneeId', 'Assigning a lead to somebody else needs the permission write:leads.');
}

/** Whether a principal may see the record that an activity is about; a lead is given with the one it is assigned to. */
export function maySeeSubject(
  principal: Principal,
  type: ActivityModel['entityType'],
  { assigneeId = null }: Partial<Pick<LeadModel, 'assigneeId'>>,
): boolean {
  switch (type) {
    case 'LEAD':
      return isAssignedTo(assigneesFor(principal, 'read'), { assigneeId });
    case 'CONTACT':
      return grants(principal.permissions, 'read:contacts');
    case 'DEAL':
      return grants(principal.permissions, 'read:deals');
  }
}

export const rules: AppRules = {
  records: {
    Lead: (principal) => {
      const assignees = assigneesFor(principal, 'read');
      return assignees && ((lead: LeadModel) => isAssignedTo(assignees, lead));
    },
  },
};
