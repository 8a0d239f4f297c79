import { z } from 'zod';
import { entityId } from '../../../../kernel/subgraph/input.ts';
import { enqueue } from '../enqueue.ts';
import { defineJobType, type JobContext } from '../queue.ts';
import { voiceNotification } from './voice.ts';

const settleLead = `mutation ($input: SettleLeadInput!) {
  settleLead(input: $input) { contactId isNewContact activityId userErrors { field message code } }
}`;
const logActivity = `mutation ($input: LogActivityInput!) {
  logActivity(input: $input) { userErrors { field message code } }
}`;

const ofLead = z.strictObject({ leadId: entityId() });
const ofNewLead = ofLead.extend({ notifyByVoice: z.boolean().default(false) });
const needs = ['write:leads', 'write:contacts', 'write:activities'] as const;
const permissions = ['execute:workflows', 'read:leads', 'write:leads', 'write:activities'] as const;

interface Settled {
  readonly contactId: string;
  readonly isNewContact: boolean;
  readonly activityId: string;
}

/** Sees to it that the lead has the contact with its address, and a first activity. */
async function settle({ ask, data }: JobContext<z.output<typeof ofLead>>): Promise<Settled> {
  const answer = await ask<{ settleLead: Settled }>('crm', settleLead, { input: { id: data.leadId } });
  const { contactId, isNewContact, activityId } = answer.settleLead;
  return { contactId, isNewContact, activityId };
}

/** A lead that is new: its contact is found or made, and the voice agent is told where that is asked for. */
const leadCreated = defineJobType({
  name: 'LEAD_CREATED',
  needs,
  permissions,
  data: ofNewLead,
  async run(context) {
    const settled = await settle(context);
    if (!context.data.notifyByVoice) return { ...settled };
    const { job, write } = context;
    const told = { title: 'New lead', message: 'A new lead has come in.', event: 'LEAD_RECEIVED' };
    const asked = { queue: 'voice-processing', type: voiceNotification, data: told, key: `${job.id}:voice` };
    await write((tx) => enqueue({ tx, queuedBy: job.queuedBy, sourceApp: 'coordination' }, asked));
    return { ...settled };
  },
});

/** A lead that is worth a talk: that it is, stands among its activities. */
const leadQualified = defineJobType({
  name: 'LEAD_QUALIFIED',
  needs,
  permissions,
  data: ofLead,
  async run(context) {
    const { contactId } = await settle(context);
    const { job, data, ask } = context;
    const input = { id: job.id, type: 'LEAD_QUALIFIED', entityType: 'LEAD', entityId: data.leadId };
    await ask('crm', logActivity, { input: { ...input, subject: 'Lead qualified' } });
    return { contactId, activityId: job.id };
  },
});

/** A lead that became a deal: the CRM has made contact, deal and activity with it; what is missing is made. */
const leadConverted = defineJobType({
  name: 'LEAD_CONVERTED',
  needs,
  permissions,
  data: ofLead,
  run: async (context) => ({ ...(await settle(context)) }),
});

export const leadJobs = [leadCreated, leadQualified, leadConverted];
