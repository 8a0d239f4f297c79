import { hash } from 'node:crypto';
import { z } from 'zod';
import { email, jsonObject, text } from '../../../kernel/subgraph/input.ts';
import { notificationRemoval } from '../notifications/changes.ts';
import { notify } from '../notifications/notify.ts';
import { deleteNotification } from '../store/notifications.ts';
import { defineWorkflow, type StepContext } from './definition.ts';

const input = z.object({
  username: text(100),
  email: email(),
  profileData: jsonObject().nullish(),
  folderTemplate: text(64).nullish(),
});

type Context = StepContext<z.output<typeof input>>;

interface Folder {
  readonly id: string;
  readonly name: string;
}

/** The id that the account gets: it is known before there is one, so that it is found whether or not it was made. */
function userIdOf({ run: { id, attempt } }: Context): string {
  return `usr_${hash('sha256', `${id} ${attempt}`, 'hex').slice(0, 32)}`;
}

const welcomeIdOf = ({ run: { id, attempt } }: Context) => `${id}.${attempt}`.slice(-128);

const createUser = `mutation ($input: CreateUserInput!) {
  createUser(input: $input) { userErrors { field message code } }
}`;
const discardUser = `mutation ($input: DiscardUserInput!) {
  discardUser(input: $input) { discardedUserId userErrors { field message code } }
}`;
const ensureTracking = `mutation ($input: EnsureTrackingInput!) {
  ensureTracking(input: $input) { customerId userErrors { field message code } }
}`;
const discardTracking = `mutation ($input: DiscardTrackingInput!) {
  discardTracking(input: $input) { discardedCustomerId userErrors { field message code } }
}`;
const createFolders = `mutation ($input: CreateFolderInput!) {
  createFolder(input: $input) { folders { id name } userErrors { field message code } }
}`;
const discardFolders = `mutation ($input: DiscardFoldersInput!) {
  discardFolders(input: $input) { discardedFolderIds userErrors { field message code } }
}`;
const folderNames = `query ($filter: FolderFilter) { folders(filter: $filter, first: 100) { nodes { id name } } }`;

/** Makes an account ready for its first day: the account, its tracking, its folders, and a welcome that names them. */
export const onboardUser = defineWorkflow({
  name: 'onboardUser',
  permissions: ['write:users', 'write:analytics', 'read:documents', 'write:documents', 'execute:workflows'],
  input,
  steps: [
    {
      name: 'createUser',
      async run(context) {
        const { username, email: address, profileData } = context.input;
        const account = { id: userIdOf(context), username, email: address, profileData: profileData ?? null };
        await context.ask('users', createUser, { input: account });
        return { userId: account.id };
      },
      compensate: (context) => context.ask('users', discardUser, { input: { id: userIdOf(context) } }),
    },
    {
      name: 'setUpTracking',
      async run(context) {
        await context.ask('analytics', ensureTracking, { input: { customerId: userIdOf(context) } });
        return {};
      },
      compensate: (context) => context.ask('analytics', discardTracking, { input: { customerId: userIdOf(context) } }),
    },
    {
      name: 'createFolders',
      async run(context) {
        const template = context.input.folderTemplate ?? 'standard';
        const made = await context.ask<{ createFolder: { folders: readonly Folder[] } }>('documents', createFolders, {
          input: { ownerId: userIdOf(context), template },
        });
        return { folderIds: made.createFolder.folders.map(({ id }) => id) };
      },
      compensate: (context) => context.ask('documents', discardFolders, { input: { ownerId: userIdOf(context) } }),
    },
    {
      name: 'sendWelcome',
      async run(context) {
        const userId = userIdOf(context);
        const { folders } = await context.ask<{ folders: { nodes: readonly Folder[] } }>('documents', folderNames, {
          filter: { ownerId: userId },
        });
        const names = folders.nodes.map(({ name }) => name).join(', ');
        const id = welcomeIdOf(context);
        const message = `Your account is ready. These folders are yours: ${names}.`;
        const welcome = { id, userId, app: 'users', type: 'USER_ONBOARDED', title: 'Welcome', message };
        await context.write((tx, publish) =>
          notify({ tx, publish, queuedBy: 'app:coordination', sourceApp: 'coordination' }, welcome),
        );
        return { notificationId: id };
      },
      compensate: (context) =>
        context.write(async (tx, publish) => {
          const id = welcomeIdOf(context);
          if (await deleteNotification(tx, id)) publish(notificationRemoval(id));
        }),
    },
  ],
  result: ({ createUser: user, createFolders: folders, sendWelcome }) => ({ ...user, ...folders, ...sendWelcome }),
});
