import { expect } from '@jest/globals';
import { type Kind, kinds } from './records.ts';
import type { Tenant, WholeAnswer } from './suite-of-two.ts';

/** What one tenant has sent and must therefore find, worked out without asking the platform. */
export interface Lane extends Tenant {
  /** Which word must never come back: the id of the other tenant. */
  readonly foreign: string;
  /** The labels of the records that it has, by kind and id. */
  readonly records: ReadonlyMap<string, Map<string, string>>;
  /** Ids that the platform made for it. */
  readonly madeIds: string[];
  /** Of its documents those that the platform made an id for: they do not belong to the customer of that id. */
  readonly ownerless: Set<string>;
  /** How many fields of mutations it has sent: each left an audit record. */
  mutations: number;
  /** A cursor of each list. */
  readonly cursors: Map<string, string>;
  /** What a change that finds nothing answers, by mutation: learned from an id that nobody has. */
  readonly refusals: Map<string, string>;
}

/** Begins the lane of a tenant that has nothing yet. */
export function beginLane(tenant: Tenant, foreign: string): Lane {
  return {
    ...tenant,
    foreign,
    records: new Map(kinds.map(({ name }) => [name, new Map()])),
    madeIds: [],
    ownerless: new Set(),
    mutations: 0,
    cursors: new Map(),
    refusals: new Map(),
  };
}

/** The records of a kind. */
export function recordsOf({ records }: Pick<Lane, 'records'>, kind: string): Map<string, string> {
  const found = records.get(kind);
  if (!found) throw new Error(`There is no kind ${kind}.`);
  return found;
}

/** Whether there is a record with this id that is found by what it says itself: its owner, its e-mail address. */
export function isFound(lane: Lane, kind: string, id: string): boolean {
  return recordsOf(lane, kind).has(id) && !(kind === 'document' && lane.ownerless.has(id));
}

/** How many records of a kind there are: its own, and those that came with others. */
export function countOf(lane: Lane, { name, comesWith }: Kind): number {
  return recordsOf(lane, name).size + (comesWith ? recordsOf(lane, comesWith).size : 0);
}

/** Fails for an answer that says anything of the other tenant: its id is in every value that it has. */
export function expectNothingForeign({ foreign }: Lane, text: string): void {
  const at = text.indexOf(foreign);
  if (at >= 0) throw new Error(`A value of ${foreign} came out: ...${text.slice(Math.max(0, at - 200), at + 200)}...`);
}

/** The codes of the errors about a root field. */
export function codesAt({ errors }: WholeAnswer, alias: string): unknown[] {
  return errors.filter(({ path }) => path?.[0] === alias).map(({ extensions }) => extensions?.code);
}

/** Fails unless each error is about one of these root fields. */
export function expectErrorsOnlyAt({ errors }: WholeAnswer, aliases: ReadonlySet<string>): void {
  expect(errors.filter(({ path }) => !aliases.has(String(path?.[0])))).toEqual([]);
}
