import { searchContacts } from './commands/contacts.ts';
import { getDeals } from './commands/deals.ts';
import { createLead, getLeads } from './commands/leads.ts';
import { scheduleMeeting } from './commands/meetings.ts';
import { getMetrics } from './commands/metrics.ts';
import type { VoiceCommand } from './voice-command.ts';

/** What can be asked for by voice, by name. */
export const voiceCommands: ReadonlyMap<string, VoiceCommand> = new Map(
  [getLeads, createLead, searchContacts, getDeals, scheduleMeeting, getMetrics].map((one) => [one.name, one]),
);
