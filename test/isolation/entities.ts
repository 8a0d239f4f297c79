import { expect } from '@jest/globals';
import type { SeededRandom } from '../support/federation/seeded-random.ts';
import { expectNothingForeign, type Lane, recordsOf } from './lane.ts';
import type { Ids } from './reads.ts';
import { type Kind, kinds, labelIn } from './records.ts';

/** Representations to ask an app for, as the gateway does. */
export interface EntityRead {
  readonly app: string;
  readonly sent: readonly { readonly kind: Kind; readonly id: string }[];
}

const appsOfKinds = [...Map.groupBy(kinds, ({ entity }) => entity?.app ?? '')].filter(([app]) => app !== '');

/** Draws so many representations of one app. */
export function makeEntityRead(random: SeededRandom, size: number, ids: Ids): EntityRead {
  const [app, own] = random.pick(appsOfKinds);
  return { app, sent: Array.from({ length: size }, () => ({ kind: random.pick(own), id: ids() })) };
}

const documents = new Map(
  appsOfKinds.map(([app, own]) => {
    const selections = own.map(({ entity, label }, index) => `... on ${entity?.type} { id l${index}: ${label} }`);
    const text = `query ($r: [_Any!]!) { _entities(representations: $r) { __typename ${selections.join(' ')} } }`;
    return [app, { text, own }];
  }),
);

/** Asks an app for entities in the name of a tenant: it has to find this tenant's, and null for all others. */
export async function sendEntityRead(lane: Lane, { app, sent }: EntityRead): Promise<void> {
  const { text, own } = documents.get(app) ?? { text: '', own: [] };
  const r = sent.map(({ kind, id }) => ({ __typename: kind.entity?.type, id }));
  const answer = await lane.call(app, text, { r });
  expectNothingForeign(lane, JSON.stringify(answer));
  expect(answer.errors ?? []).toEqual([]);
  const found = (answer.data as { _entities: (Record<string, unknown> | null)[] })._entities;
  const expected = sent.map(({ kind, id }) => recordsOf(lane, kind.name).get(id) ?? null);
  const labels = sent.map(({ kind }, index) => labelIn(found[index]?.[`l${own.indexOf(kind)}`] ?? null));
  expect(labels).toEqual(expected);
}
