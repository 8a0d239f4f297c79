import type pg from 'pg';
import { engagementLevelOf } from '../../subgraphs/analytics/engagement.ts';
import { deriveInsights } from '../../subgraphs/coordination/insights.ts';
import { type Read, readIn } from './statements.ts';

type App = 'users' | 'analytics' | 'documents' | 'crm';

async function readBehavior(read: Read, tenant: string, id: string) {
  const [row] = await read('behavior', tenant, id);
  const behaviorScore = Number(row?.behavior_score ?? 0);
  const sessionCount = Number(row?.session_count ?? 0);
  const engagementLevel = engagementLevelOf({ behaviorScore, sessionCount });
  return { behaviorScore, sessionCount, lastActivity: row?.last_activity ?? null, engagementLevel };
}

async function readDocuments(read: Read, tenant: string, id: string) {
  const [[usage], recentDocuments] = await Promise.all([read('usage', tenant, id), read('documents', tenant, id)]);
  const documentCount = Number(usage?.document_count);
  return { documentCount, storageUsage: usage?.storage_usage, recentDocuments };
}

async function readCrm(read: Read, tenant: string, emailKey: string) {
  const [contact] = await read('contact', tenant, emailKey);
  const contactId = contact ? String(contact.id) : null;
  const [leads, deals] = await Promise.all([
    read('leads', tenant, contactId, emailKey),
    read('deals', tenant, contactId),
  ]);
  return { contact: contact ?? null, leads, deals };
}

/** The whole customer, or null: the user first, then the other apps side by side. */
export async function readCustomer(pools: Readonly<Record<App, pg.Pool>>, tenant: string, id: string) {
  const inTenant = <T>(app: App, work: (read: Read) => Promise<T>) => readIn(pools[app], ['tenant_id', tenant], work);
  const [user] = await inTenant('users', (read) => read('user', tenant, id));
  if (!user) return null;
  const profile = {
    username: user.username,
    email: user.email,
    createdAt: user.created_at,
    lastLogin: user.last_login,
  };
  const [behavior, documents, crm] = await Promise.all([
    inTenant('analytics', (read) => readBehavior(read, tenant, id)),
    inTenant('documents', (read) => readDocuments(read, tenant, id)),
    inTenant('crm', (read) => readCrm(read, tenant, String(user.email_key))),
  ]);
  return { id: user.id, profile, behavior, documents, crm, insights: deriveInsights({ profile, behavior, documents }) };
}
