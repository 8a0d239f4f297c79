import type { Fault, LoggedChange } from './verdict.ts';

/** What happens in a run that coordination tells of: leads are made, and the key of each tenant was. */
export const toldTypes: readonly string[] = ['LEAD_CREATED', 'API_KEY_CREATED'];
const reaction = 'NOTIFICATION_CREATED';

const keyOf = ({ tenantId }: LoggedChange, seq: number | undefined) => `${tenantId}/${seq}`;

/** What an app has made of other changes. */
export const reactionsIn = (logged: readonly LoggedChange[]) =>
  logged.filter(({ type, causedBy }) => type === reaction && causedBy !== undefined);

/** Each of these was told of once, and nothing else was. */
export function findReactionFaults(logged: readonly LoggedChange[]): Fault[] {
  const events = new Set(logged.filter(({ type }) => toldTypes.includes(type)).map((one) => keyOf(one, one.seq)));
  const known = new Set<string>();
  const faults: Fault[] = [];
  for (const one of reactionsIn(logged)) {
    const where = keyOf(one, one.causedBy);
    if (!events.has(where)) faults.push({ kind: 'REACTED_TO_NOTHING', where });
    else if (known.has(where)) faults.push({ kind: 'REACTED_TWICE', where });
    known.add(where);
  }
  for (const where of events) if (!known.has(where)) faults.push({ kind: 'NOT_REACTED', where });
  return faults;
}
