import { randomUUID } from 'node:crypto';
import { createClient } from '../../clients/sdk/index.ts';
import { chaosBackoff } from './subscriber.ts';
import type { Creation } from './verdict.ts';

/** Somebody who sends ordinary mutations with the SDK, which sends them again until they are answered. */
export interface ChaosCaller {
  /** Makes a lead; resolves with the id that the answer tells. */
  createLead(): Promise<string>;
  /** What was answered. */
  readonly created: readonly Creation[];
  close(): Promise<void>;
}

export interface CallerOptions {
  readonly url: string;
  readonly tenantId: string;
  readonly key: string;
}

const createLead = /* GraphQL */ `
  mutation CreateLead($input: CreateLeadInput!) {
    createLead(input: $input) { lead { id } userErrors { message } }
  }
`;

interface CreateLeadData {
  readonly createLead: { readonly lead: { readonly id: string } | null; readonly userErrors: readonly object[] };
}

/** Whoever is killed comes back: it is not the sender who gives up. */
const attempts = 1_000;

export function startCaller({ url, tenantId, key }: CallerOptions): ChaosCaller {
  const client = createClient({ url, key, backoff: chaosBackoff, attempts });
  const created: Creation[] = [];
  return {
    created,
    async createLead() {
      const input = { firstName: 'Ada', lastName: 'Byron', email: `${randomUUID()}@example.com`, source: 'website' };
      const { data, errors } = await client.mutate<CreateLeadData>(createLead, { input });
      const entityId = data?.createLead.lead?.id;
      if (entityId === undefined) throw new Error(JSON.stringify({ data, errors }));
      created.push({ tenantId, entity: 'Lead', entityId });
      return entityId;
    },
    close: () => client.close(),
  };
}
