import { z } from 'zod';
import { text } from '../../../../kernel/subgraph/input.ts';
import { notify } from '../../notifications/notify.ts';
import { defineJobType } from '../queue.ts';

export const voiceNotification = 'VOICE_NOTIFICATION';

/** Something that the voice agent is to tell. */
export const voiceJobs = [
  defineJobType({
    name: voiceNotification,
    needs: ['execute:voice'],
    permissions: [],
    data: z.strictObject({
      title: text(200),
      message: text(1_000),
      event: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'Use capital letters, digits and _, as in LEAD_RECEIVED.'),
    }),
    async run({ job: { id, queuedBy }, data: { title, message, event }, write }) {
      const told = { id, permission: 'execute:voice', app: 'voice-agent', type: event, title, message };
      await write((tx, publish) => notify({ tx, publish, queuedBy, sourceApp: 'coordination' }, told));
      return { notificationId: id };
    },
  }),
];
