import { z } from 'zod';
import { entityId, text } from '../../../kernel/subgraph/input.ts';
import {
  eraseIn,
  identify,
  identifyByName,
  type PersonalAppName,
  personalApps,
  readPage,
} from '../privacy/ask-apps.ts';
import { type AppProof, completeErasure, insertErasure } from '../store/privacy.ts';
import { defineWorkflow, type StepContext, type StepDefinition } from './definition.ts';
import { StepFailure } from './step-failure.ts';

const input = z.object({ customerId: entityId(), reason: text(500), requestedBy: z.string() });
type Input = z.infer<typeof input>;

/** It goes forward until it is done: for some forty minutes, and whenever it is begun anew. */
const retry = { attempts: 12, backoffMs: 1_000 };

const stepOf = (app: PersonalAppName) => `erase${app.slice(0, 1).toUpperCase()}${app.slice(1)}`;

/** What an app has to know of the person to find everything. What it is told stays the same while the step is repeated. */
async function personFor(app: PersonalAppName, { ask, input: { customerId } }: StepContext<Input>) {
  if (app === 'users') return { customerId, emails: [], names: [] };
  return app === 'crm' ? await identify(ask, customerId) : await identifyByName(ask, customerId);
}

/** Erases in one app, and looks again while it is still known by what. */
const eraseFrom = (app: PersonalAppName): StepDefinition<Input> => ({
  name: stepOf(app),
  retry,
  timeoutMs: 300_000,
  async run(context) {
    const person = await personFor(app, context);
    const records = await eraseIn(context, app, person);
    const kept = new Set(records.filter(({ outcome }) => outcome === 'KEPT').map(({ type }) => type));
    const after = await readPage(context, app, person, 0);
    const found = Object.entries(after.records)
      .filter(([type]) => !kept.has(type))
      .reduce((sum, [, rows]) => sum + rows.length, 0);
    if (found > 0) throw new StepFailure('INTERNAL', `The app ${app} still holds ${found} records.`);
    return { app, records, found } satisfies AppProof;
  },
});

/** Erases a customer in all apps. Nothing of it can be undone. */
export const eraseCustomer = defineWorkflow<Input>({
  name: 'eraseCustomer',
  permissions: ['execute:privacy'],
  input,
  steps: [
    {
      name: 'open',
      async run({ run: { id }, input: { customerId, reason, requestedBy }, write }) {
        await write((tx) => insertErasure(tx, { id, customerId, reason, requestedBy }));
        return {};
      },
    },
    ...personalApps.map(eraseFrom),
    {
      name: 'prove',
      retry,
      async run({ run: { id }, results, write }) {
        const proof = personalApps.map((app) => results[stepOf(app)] as unknown as AppProof);
        await write(async (tx, publish) => {
          const erased = await completeErasure(tx, id, proof);
          if (!erased?.erasedAt) return;
          const data = { id, customerId: erased.customerId, erasedAt: erased.erasedAt.toISOString() };
          publish({ type: 'CUSTOMER_ERASED', entityId: id, version: 1, data });
        });
        return {};
      },
    },
  ],
});
