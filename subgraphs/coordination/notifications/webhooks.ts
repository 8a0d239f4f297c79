import { z } from 'zod';
import type { RegisterWebhookInput, RemoveWebhookInput } from '../../../generated/graphql/coordination.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { notFound, runCommand } from '../../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, refused } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { countWebhooks, deleteWebhook, insertWebhook } from '../store/deliveries.ts';
import type { WebhookModel } from '../store.ts';
import { readerOf } from './audience.ts';
import { webhookChange, webhookRemoval } from './changes.ts';
import { notificationType } from './commands.ts';
import { mayBePublic } from './public-address.ts';
import { webhookSecret } from './sign-webhook.ts';

const mostWebhooks = 50;

/** Whether a URL can be posted to: with a host, and without a password, which would stand in logs. */
function isPostable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '' && hostname !== '';
}

const registerWebhookInput = z.object({
  url: z
    .string()
    .max(2_000, 'Use at most 2000 characters.')
    .refine(isPostable, 'A URL that begins with https: or http: and has no password is expected.'),
  types: z.array(notificationType()).max(100, 'Name at most 100.'),
});

/** A webhook, and the secret that its posts are signed with. */
export interface RegisteredWebhook {
  readonly webhook: WebhookModel;
  readonly secret: string;
}

/** Has notifications posted to a URL, as far as the sender may read them now. */
export async function registerWebhook(
  context: CoordinationContext,
  input: RegisterWebhookInput,
): Promise<CommandResult<RegisteredWebhook>> {
  const parsed = parseInput(registerWebhookInput, input);
  if (!parsed.ok) return parsed;
  const { principal, secret, tenantId, outlets } = context;
  const id = newEntityId();
  const { url, types } = parsed.value;
  if (!outlets.allowsPrivateAddresses && !mayBePublic(new URL(url))) {
    return refused('BAD_USER_INPUT', 'url', 'A host with a public address is expected.');
  }
  const owner = { reader: readerOf(principal), permissions: [...principal.permissions] };
  return runCommand(context, {}, async (tx, publish) => {
    if ((await countWebhooks(tx)) >= mostWebhooks) {
      return refused('CONFLICT', null, `There are ${mostWebhooks} webhooks, and no more are allowed.`);
    }
    const webhook = await insertWebhook(tx, { id, url: new URL(url).href, types: [...new Set(types)], ...owner });
    publish(webhookChange(webhook));
    return done({ webhook, secret: webhookSecret(secret, tenantId, id) });
  });
}

export async function removeWebhook(
  context: CoordinationContext,
  input: RemoveWebhookInput,
): Promise<CommandResult<string>> {
  const parsed = parseInput(z.object({ id: entityId() }), input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    if (!(await deleteWebhook(tx, id))) return notFound('id', 'webhook');
    publish(webhookRemoval(id));
    return done(id);
  });
}
