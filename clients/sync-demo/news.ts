import type { LocalRecord } from '../sdk/index.ts';
import { nameOf } from './leads.ts';

/** Finds what others have done, by comparing the records with those of the last time. */
export function createNews() {
  let seen: ReadonlyMap<string, LocalRecord> | undefined;
  const own = new Set<string>();

  return {
    /** What the user edits here is no news when it comes back. */
    edited(id: string) {
      own.add(id);
    },
    /** Sentences about what is new since the last time; none the first time. */
    since(leads: readonly LocalRecord[], loaded: boolean): readonly string[] {
      const before = seen;
      if (!loaded) return [];
      seen = new Map(leads.map((lead) => [lead.id, lead]));
      if (before === undefined) return [];
      return leads.flatMap((lead) => {
        const last = before.get(lead.id);
        if (lead.version === 0 || lead.version === (last?.version ?? 0)) return [];
        if (own.delete(lead.id)) return [`Sent: ${nameOf(lead.data)}`];
        const status = String(lead.data.status).toLowerCase();
        return [last ? `Received: ${nameOf(lead.data)} is ${status}` : `Received: ${nameOf(lead.data)}`];
      });
    },
  };
}
