import type { LocalRecord } from '../sdk/index.ts';
import { nameOf } from './leads.ts';

/** When a lead was last edited on this page, by its id, as `performance.now()` tells. */
export type EditTimes = Map<string, number>;

/** Finds what others have done, by comparing the records with those of the last time. */
export function createNews(times: EditTimes) {
  let seen: ReadonlyMap<string, LocalRecord> | undefined;
  const own = new Set<string>();

  return {
    /** What the user edits here is no news when it comes back. */
    edited(id: string, since: number) {
      own.add(id);
      times.set(id, since);
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
        const after = timeSince(times.get(lead.id));
        if (own.delete(lead.id)) return [`Sent: ${nameOf(lead.data)}${after}`];
        const status = String(lead.data.status).toLowerCase();
        return [`Received: ${nameOf(lead.data)}${last ? ` is ${status}` : ''}${after}`];
      });
    },
  };
}

/** How long it took, from the press of the button to here; nothing for what was edited elsewhere. */
function timeSince(since: number | undefined): string {
  if (since === undefined) return '';
  const took = performance.now() - since;
  return took < 1000 ? ` – ${Math.round(took)} ms` : ` – ${(took / 1000).toFixed(1)} s`;
}
