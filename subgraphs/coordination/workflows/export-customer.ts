import { z } from 'zod';
import { entityId } from '../../../kernel/subgraph/input.ts';
import { identify, identifyByName, personalApps, readPage } from '../privacy/ask-apps.ts';
import { completeExport, insertExport, keepPart } from '../store/privacy.ts';
import { defineWorkflow, type StepDefinition } from './definition.ts';

/** How long what was gathered is kept, in milliseconds. */
const keptForMs = 7 * 24 * 3_600_000;

const input = z.object({ customerId: entityId(), requestedBy: z.string() });
type Input = z.infer<typeof input>;

/** What an app holds goes straight to where it is kept: the engine learns how much it is. */
const gatherFrom = (app: (typeof personalApps)[number]): StepDefinition<Input> => ({
  name: `gather${app.slice(0, 1).toUpperCase()}${app.slice(1)}`,
  timeoutMs: 300_000,
  async run(context) {
    const { run, input, ask, write } = context;
    const person =
      app === 'users' || app === 'crm'
        ? await identify(ask, input.customerId)
        : await identifyByName(ask, input.customerId);
    let records = 0;
    for (let page = 0; ; page++) {
      const data = await readPage(context, app, person, page);
      await write((tx) => keepPart(tx, { exportId: run.id, app, page }, data.records));
      records += Object.values(data.records).flat().length;
      if (data.isEnd) return { records };
    }
  },
});

/** Gathers what all apps hold on a customer. */
export const exportCustomer = defineWorkflow<Input>({
  name: 'exportCustomer',
  permissions: ['execute:privacy'],
  input,
  steps: [
    {
      name: 'open',
      async run({ run: { id }, input: { customerId, requestedBy }, write }) {
        const expiresAt = new Date(Date.now() + keptForMs);
        await write((tx) => insertExport(tx, { id, customerId, requestedBy, expiresAt }));
        return { expiresAt: expiresAt.toISOString() };
      },
    },
    { parallel: personalApps.map(gatherFrom) },
    {
      name: 'complete',
      async run({ run: { id }, write }) {
        await write(async (tx, publish) => {
          const made = await completeExport(tx, id);
          if (!made) return;
          const { customerId, createdAt, expiresAt } = made;
          const data = { id, customerId, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
          publish({ type: 'CUSTOMER_EXPORTED', entityId: id, version: 1, data });
        });
        return {};
      },
    },
  ],
});
