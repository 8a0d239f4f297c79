import type { Permission } from '../../kernel/permissions/permission.ts';

type Fields = Readonly<Record<string, unknown>>;

const person = { firstName: 'Mary', lastName: 'Row', email: 'mary.row@example.com' };

/** An operation that needs one permission of the matrix and no other one of it. */
interface MatrixOperation {
  readonly permission: Permission;
  readonly text: string;
  readonly input?: Fields;
}

const read = (permission: Permission, text: string): MatrixOperation => ({ permission, text: `{ ${text} }` });
function write(permission: Permission, mutation: string, input: Fields): MatrixOperation {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  return {
    permission,
    input,
    text: `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { code } } }`,
  };
}

/** One for each permission of the matrix, but for `sync:emails`, which goes with `write:contacts`. */
export const matrixOperations: readonly MatrixOperation[] = [
  read('read:leads', 'leads(first: 1) { nodes { id } }'),
  write('write:leads', 'createLead', person),
  read('read:activities', 'activities(first: 1) { nodes { id } }'),
  read('read:contacts', 'contacts(first: 1) { nodes { id } }'),
  write('write:contacts', 'createContact', { ...person, email: null }),
  read('read:deals', 'deals(first: 1) { nodes { id } }'),
  write('execute:voice', 'executeVoiceCommand', { command: 'get_leads', parameters: { limit: 1 } }),
  write('write:activities', 'logActivity', { type: 'CALL', entityType: 'LEAD', entityId: '$lead' }),
  write('sync:emails', 'syncContacts', { messages: [{ from: 'Mary Row <mary@example.com>' }] }),
  read('read:security', 'auditRecords(first: 1) { nodes { id } }'),
  write('write:incidents', 'reportIncident', { type: 'theft', severity: 'LOW', description: 'A key.' }),
  read('read:compliance', 'complianceReports(first: 1) { nodes { id } }'),
  read('read:metrics', 'metrics { from }'),
  read('read:analytics', 'trackedEvents(first: 1) { nodes { id } }'),
];

/** A mutation that is refused: what it is answered with, by `userErrors` or as an error. */
export interface Refusal {
  readonly what: string;
  readonly mutation: string;
  readonly input: Fields;
  readonly code: string;
  /** The words that the message has: what there is, or what would be possible. */
  readonly says: string;
}

const jobOf = (queue: string, type: string) => ({ queue, type, data: {} });

/** Texts beginning with `$` stand for what there is: a run that has succeeded, incidents and a lead by their state. */
export const refusals: readonly Refusal[] = [
  refuse('an unknown workflow', 'runEverything', {}, 'BAD_USER_INPUT', 'runEverything'),
  refuse('an unknown focus', 'runComplianceAudit', { focus: 'EVERYTHING' }, 'BAD_USER_INPUT', 'AuditFocus'),
  refuse('an unknown queue', 'enqueueJob', jobOf('mail', 'SEND'), 'NOT_FOUND', 'lead-processing'),
  refuse('an unknown job', 'enqueueJob', jobOf('lead-processing', 'SEND'), 'NOT_FOUND', 'LEAD_CREATED'),
  refuse('a job without its data', 'enqueueJob', jobOf('lead-processing', 'LEAD_CREATED'), 'BAD_USER_INPUT', ''),
  refuse('an unknown queue to redrive', 'redriveQueue', { queue: 'mail', all: true }, 'NOT_FOUND', 'email-sync'),
  refuse('an unknown command', 'executeVoiceCommand', { command: 'sing' }, 'BAD_USER_INPUT', 'get_leads'),
  refuse(
    'an incident that nobody looks after to be resolved',
    'resolveIncident',
    { id: '$REPORTED', resolution: 'Mended' },
    'CONFLICT',
    '',
  ),
  refuse('an incident that is over to be acknowledged', 'acknowledgeIncident', { id: '$RESOLVED' }, 'CONFLICT', ''),
  refuse('a lead that is lost to be converted', 'convertLead', { id: '$LOST' }, 'CONFLICT', ''),
  refuse('a lead whose deal cannot be made', 'convertLead', { id: '$NEW', deal: { amount: -1 } }, 'BAD_USER_INPUT', ''),
  refuse(
    'a lead to be made converted',
    'updateLead',
    { id: '$NEW', status: 'CONVERTED' },
    'BAD_USER_INPUT',
    'convertLead',
  ),
  refuse('a run that has ended to be cancelled', 'cancelWorkflow', { id: '$run' }, 'CONFLICT', 'SUCCEEDED'),
  refuse('a run that has succeeded to be begun anew', 'retryWorkflow', { id: '$run' }, 'CONFLICT', 'SUCCEEDED'),
  refuse('a run that there is not', 'cancelWorkflow', { id: 'nothing' }, 'NOT_FOUND', ''),
  refuse('a run under the id of another workflow', 'runDataPipeline', { id: '$run' }, 'CONFLICT', 'another workflow'),
  refuse('an export of nobody', 'exportCustomer', { customerId: 'nobody' }, 'NOT_FOUND', ''),
  refuse('an unknown kind of report', 'requestReport', { kind: 'GOSSIP' }, 'BAD_USER_INPUT', 'GOSSIP'),
];

function refuse(what: string, mutation: string, input: Fields, code: string, says: string): Refusal {
  return { what, mutation, input, code, says };
}
