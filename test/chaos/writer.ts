import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, createMemoryStorage, type Storage } from '../../clients/sdk/index.ts';
import { chaosBackoff } from './subscriber.ts';
import type { Acknowledgement } from './verdict.ts';

/** Somebody who edits leads with the SDK's queue, on line and off line. */
export interface ChaosWriter {
  /** Makes a lead. Resolves with its id when the edit is in the queue. */
  createLead(): Promise<string>;
  updateLead(id: string): Promise<void>;
  /** Is off line for a while; edits wait. */
  rest(milliseconds: number): Promise<void>;
  /** Whether all edits are acknowledged, and their changes have come back. */
  readonly isDone: boolean;
  readonly pending: number;
  /** How many edits are acknowledged, and their changes have come back. */
  readonly done: number;
  /** What went wrong last, and was tried again: where a run stands still, it tells why. */
  readonly lastFailure: unknown;
  /** What it was told is done; rejects when it was told anything else. */
  acknowledged(): Promise<readonly Acknowledgement[]>;
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly name: string;
  readonly url: string;
  readonly tenantId: string;
  readonly key: string;
}

/** Who the client is to the server, as the SDK keeps it. */
async function clientIdIn(storage: Storage): Promise<string | undefined> {
  const [identity] = (await storage.list('sync/client')).values();
  return (identity as { readonly id: string } | undefined)?.id;
}

export async function startWriter({ name, url, tenantId, key }: WriterOptions): Promise<ChaosWriter> {
  const storage = createMemoryStorage();
  const client = createClient({ url, key, storage, backoff: chaosBackoff });
  const sync = await client.sync(['Lead']);
  let lastFailure: unknown;
  client.on('failure', (failure) => {
    lastFailure = failure;
  });
  const edited: string[] = [];
  let edits = 0;
  return {
    async createLead() {
      const id = randomUUID();
      edited.push(id);
      edits += 1;
      const email = `${id}@example.com`;
      await sync.put('Lead', id, { firstName: name, lastName: `Lead ${edits}`, email, source: 'field' });
      return id;
    },
    async updateLead(id) {
      edited.push(id);
      edits += 1;
      await sync.put('Lead', id, { company: `${name} ${edits}` });
    },
    async rest(milliseconds) {
      client.goOffline();
      await sleep(milliseconds);
      client.goOnline();
    },
    get isDone() {
      return sync.pending === 0;
    },
    get pending() {
      return sync.pending;
    },
    get done() {
      return edits - sync.pending;
    },
    get lastFailure() {
      return lastFailure;
    },
    async acknowledged() {
      const refused = sync.refused();
      if (sync.pending > 0 || refused.length > 0) throw new Error(`${name}: ${JSON.stringify(refused)}`);
      const clientId = (await clientIdIn(storage)) ?? '';
      return edited.map((entityId, index) => ({
        ...{ tenantId, clientId, mutationId: index + 1, entity: 'Lead', entityId },
      }));
    },
    close: () => client.close(),
  };
}
