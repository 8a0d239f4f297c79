import type { TenantId } from '../../kernel/tenancy/ids.ts';
import type { NewRole } from './store/roles.ts';

/** The client apps that a tenant begins with. */
export const defaultApps = [
  { id: 'flow-web', name: 'Flow Web', sessionTypes: ['lead_work'] },
  { id: 'crm-web', name: 'CRM Web', sessionTypes: ['customer_care'] },
  { id: 'voice-agent', name: 'Voice Agent', sessionTypes: ['voice_call'] },
  { id: 'inbox-ai', name: 'Inbox AI', sessionTypes: ['mail_triage'] },
  { id: 'secure-platform', name: 'Secure Platform', sessionTypes: ['incident_review'] },
  { id: 'business-dashboard', name: 'Business Dashboard', sessionTypes: ['reporting'] },
  { id: 'canopy', name: 'Canopy', sessionTypes: ['trading', 'paper_trading'] },
  { id: 'grove', name: 'Grove', sessionTypes: ['research', 'analysis'] },
  { id: 'portfolio', name: 'Portfolio', sessionTypes: ['portfolio_review', 'rebalance'] },
];

const work = ['leads', 'contacts', 'companies', 'deals', 'activities', 'documents', 'sessions'];

/** The roles that a tenant begins with; it may change them. */
const defaultRoles = [
  { name: 'admin', description: 'Everything', permissions: ['*'] },
  {
    name: 'manager',
    description: 'Reads everything, and changes what the people of the company work on',
    permissions: [
      'read:*',
      ...work.map((resource) => `write:${resource}`),
      'write:users',
      'execute:voice',
      'execute:reports',
    ],
  },
  {
    name: 'agent',
    description: 'Works on the leads that were assigned to them',
    permissions: [
      'read:assigned-leads',
      'write:assigned-leads',
      ...['contacts', 'companies', 'deals', 'activities'].map((resource) => `read:${resource}`),
      'write:activities',
    ],
  },
  { name: 'viewer', description: 'Reads everything and changes nothing', permissions: ['read:*'] },
];

/** The rows of the roles that a tenant begins with. */
export function makeDefaultRoles(tenantId: TenantId, createdAt: Date): NewRole[] {
  return defaultRoles.map((role) => ({
    ...role,
    id: `rol_${tenantId}_${role.name}`,
    createdAt,
    updatedAt: createdAt,
  }));
}
