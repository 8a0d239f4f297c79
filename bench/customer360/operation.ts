import type { RequestPattern } from '../load/generator.ts';

/** The whole customer, as the platform's contract has it. */
const query = `
  query Customer360($id: ID!) {
    customer360(id: $id) {
      id
      profile { username email createdAt lastLogin }
      behavior { behaviorScore sessionCount lastActivity engagementLevel }
      documents { documentCount storageUsage recentDocuments { id title } }
      crm { contact { id email } leads { id status } deals { id amount stage } }
      insights { healthScore recommendedActions }
    }
  }
`.replaceAll(/\s+/g, ' ');

/** How many customers the demo tenant has; their ids end with 1 to this. */
export const customers = 200;

/** The demo tenant's key. */
export const headers = { 'x-tenant-key': 'demo-acme-admin' } as const;

/** The id of a customer. */
export function customerId(number: number): string {
  return `cus_acme_${String(number).padStart(4, '0')}`;
}

/** The body of the request for a customer. */
export function bodyOf(id: string): string {
  return JSON.stringify({ query, variables: { id } });
}

/** Every request is for another customer than the one before. */
export const request: RequestPattern = {
  headers,
  body: bodyOf('cus_acme_<n>'),
  digits: 4,
  count: customers,
};
