import { z } from 'zod';
import type { EraseCustomerInput, ExportCustomerInput } from '../../../generated/graphql/coordination.ts';
import { type Person, wordsFor } from '../../../kernel/privacy/personal-records.ts';
import { notFound } from '../../../kernel/subgraph/command.ts';
import { type CommandResult, entityId, parseInput, refused, text } from '../../../kernel/subgraph/input.ts';
import { createServicePrincipal } from '../../../kernel/tenancy/service-principal.ts';
import type { CoordinationContext } from '../loaders.ts';
import type { WorkflowRunModel } from '../store.ts';
import { createAsk } from '../workflows/ask-app.ts';
import { beginRun } from '../workflows/commands.ts';
import { eraseCustomer } from '../workflows/erase-customer.ts';
import { exportCustomer } from '../workflows/export-customer.ts';
import { identify } from './ask-apps.ts';

const exportInput = z.object({ customerId: entityId() });
const erasureInput = z.object({ customerId: entityId(), reason: text(500) });

/** By what a customer is known; nothing where there is no such customer. */
async function findPerson(context: CoordinationContext, customerId: string): Promise<Person | undefined> {
  const { tenantId, callApp, correlationId } = context;
  const principal = createServicePrincipal('coordination', tenantId, eraseCustomer.permissions);
  const signal = AbortSignal.timeout(10_000);
  const ask = createAsk({ callApp, principal, correlationId, workflow: 'findPerson', key: correlationId, signal });
  const person = await identify(ask, customerId);
  return person.names.length > 0 ? person : undefined;
}

const requesterOf = ({ principal }: CoordinationContext) => principal.userId ?? principal.credentialId;

/** Begins to gather what all apps hold on a customer. */
export async function beginExport(
  context: CoordinationContext,
  input: ExportCustomerInput,
): Promise<CommandResult<WorkflowRunModel>> {
  const parsed = parseInput(exportInput, input);
  if (!parsed.ok) return parsed;
  const { customerId } = parsed.value;
  if (!(await findPerson(context, customerId))) return notFound('customerId', 'customer');
  return beginRun(context, exportCustomer, { customerId, requestedBy: requesterOf(context) });
}

/** Begins to erase a customer. The reason outlasts the person, so it may not name them. */
export async function beginErasure(
  context: CoordinationContext,
  input: EraseCustomerInput,
): Promise<CommandResult<WorkflowRunModel>> {
  const parsed = parseInput(erasureInput, input);
  if (!parsed.ok) return parsed;
  const { customerId, reason } = parsed.value;
  const person = await findPerson(context, customerId);
  if (!person) return notFound('customerId', 'customer');
  if (wordsFor(person).some((word) => reason.toLowerCase().includes(word))) {
    return refused('BAD_USER_INPUT', 'reason', 'The reason is kept, so it cannot name the customer.');
  }
  return beginRun(context, eraseCustomer, { customerId, reason, requestedBy: requesterOf(context) });
}
