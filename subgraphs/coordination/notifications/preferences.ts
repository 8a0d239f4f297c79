import type { Priority } from '../../../kernel/changes/change.ts';
import type { MutedKind } from '../store/notifications.ts';

/** A way to be told. */
export type Channel = 'inbox' | 'email' | 'webhook';

/** Whether, of the notifications of an app or a type (null for all), each way to be told is wanted. */
export interface Preference extends Readonly<Record<Channel, boolean | null>> {
  readonly app: string | null;
  readonly type: string | null;
}

/** What preferences are about. */
export interface Kind {
  readonly app: string;
  readonly type: string;
  readonly priority: Priority;
}

/** The preferences of an inbox, as they were written there by us. */
export const preferencesOf = (inbox: { readonly preferences: unknown } | undefined): readonly Preference[] =>
  (inbox?.preferences ?? []) as readonly Preference[];

const rankOf = ({ app, type }: Preference) => (type === null ? 0 : 2) + (app === null ? 0 : 1);

const fits = (one: Preference, { app, type }: Pick<Kind, 'app' | 'type'>) =>
  (one.app === null || one.app === app) && (one.type === null || one.type === type);

/** What is wanted where nobody has said anything. What is critical reaches people though they do not look. */
function wantedByDefault(channel: Channel, priority: Priority): boolean {
  return channel !== 'email' || priority === 'CRITICAL';
}

/** Whether a way to be told is wanted for a notification: the most special preference that says something says it. */
export function wants(preferences: readonly Preference[], channel: Channel, kind: Kind): boolean {
  if (channel === 'inbox' && kind.priority === 'CRITICAL') return true;
  const saying = preferences.filter((one) => one[channel] !== null && fits(one, kind));
  const first = saying.toSorted((a, b) => rankOf(b) - rankOf(a))[0];
  return first?.[channel] ?? wantedByDefault(channel, kind.priority);
}

/** What preferences keep out of the inbox. */
export function mutedKinds(preferences: readonly Preference[]): readonly MutedKind[] {
  return preferences
    .filter(({ inbox }) => inbox === false)
    .map((muted) => ({
      app: muted.app,
      type: muted.type,
      except: preferences
        .filter((one) => one.inbox === true && rankOf(one) > rankOf(muted))
        .map(({ app, type }) => ({ app, type })),
    }));
}
