import type { Severity } from '../../kernel/compliance/severity.ts';
import type { DemoTenant } from '../../kernel/subgraph/demo-tenant.ts';
import { insertMissingIncidents, type NewIncident } from './store/incidents.ts';
import type { SecurityTransaction } from './store.ts';

/** The end of the demo data's time. */
const demoEnd = Date.parse('2026-11-01T00:00:00Z');
const hourMillis = 3_600_000;

/** An incident of a demo tenant: when it was reported, before the end of the demo's time, and what was done about it. */
interface DemoIncident {
  readonly type: string;
  readonly severity: Severity;
  readonly hoursAgo: number;
  readonly description: string;
  readonly affectedApps: readonly string[];
  readonly customers: number;
  /** After how many hours; left out where nobody looks after it yet, or it is not over. */
  readonly acknowledgedAfter?: number;
  readonly resolvedAfter?: number;
  readonly resolution?: string;
}

const demoIncidents: readonly DemoIncident[] = [
  {
    type: 'phishing',
    severity: 'MEDIUM',
    hoursAgo: 1_400,
    description: 'Several people got a letter that asks for their password in the name of the support team.',
    affectedApps: ['inbox-ai'],
    customers: 3,
    acknowledgedAfter: 1,
    resolvedAfter: 20,
    resolution: 'The sender is blocked, and those who had answered have new passwords.',
  },
  {
    type: 'key_leak',
    severity: 'HIGH',
    hoursAgo: 760,
    description: 'A key of the web form was found in a public repository.',
    affectedApps: ['flow-web'],
    customers: 0,
    acknowledgedAfter: 0.5,
    resolvedAfter: 3,
    resolution: 'The key was revoked and replaced; the audit records show no use by others.',
  },
  {
    type: 'failed_logins',
    severity: 'LOW',
    hoursAgo: 300,
    description: 'An account was tried with forty wrong passwords in an hour.',
    affectedApps: ['crm-web'],
    customers: 1,
    acknowledgedAfter: 6,
    resolvedAfter: 30,
    resolution: 'The owner had changed the password and an old phone went on with the former one.',
  },
  {
    type: 'data_breach',
    severity: 'HIGH',
    hoursAgo: 60,
    description: 'A list of customers was sent to a partner who should have got the figures only.',
    affectedApps: ['business-dashboard', 'documents'],
    customers: 4,
    acknowledgedAfter: 2,
  },
  {
    type: 'lost_device',
    severity: 'MEDIUM',
    hoursAgo: 20,
    description: 'A tablet with the field app was left on a train.',
    affectedApps: ['flow-web'],
    customers: 0,
  },
];

function makeIncident({ id, people }: DemoTenant, incident: DemoIncident, index: number): NewIncident {
  const { type, severity, hoursAgo, description, affectedApps, customers } = incident;
  const { acknowledgedAfter, resolvedAfter, resolution = null } = incident;
  const after = (hours: number) => new Date(demoEnd - (hoursAgo - hours) * hourMillis);
  const acknowledged = acknowledgedAfter === undefined ? null : after(acknowledgedAfter);
  const resolved = resolvedAfter === undefined ? null : after(resolvedAfter);
  const lookedAfterBy = `key_${id}_1`;
  return {
    id: `inc_${id}_${index + 1}`,
    type,
    severity,
    status: resolved ? 'RESOLVED' : acknowledged ? 'ACKNOWLEDGED' : 'REPORTED',
    description,
    affectedApps: [...affectedApps],
    affectedCustomerIds: people.slice(10, 10 + customers).map((person) => person.id),
    reportedBy: lookedAfterBy,
    sourceApp: 'secure-platform',
    reportedAt: after(0),
    acknowledgedBy: acknowledged && lookedAfterBy,
    acknowledgedAt: acknowledged,
    resolvedBy: resolved && lookedAfterBy,
    resolvedAt: resolved,
    resolution,
    updatedAt: resolved ?? acknowledged ?? after(0),
    version: 1 + Number(acknowledged !== null) + Number(resolved !== null),
  };
}

/** Writes the demo incidents of one tenant, where they are not there yet. */
export async function insertDemo(tx: SecurityTransaction, tenant: DemoTenant): Promise<void> {
  await insertMissingIncidents(
    tx,
    demoIncidents.map((incident, index) => makeIncident(tenant, incident, index)),
  );
}
