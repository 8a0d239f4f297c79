import type { SchemaNeed } from './declared-needs.ts';

/** Alternatives past this many are not compared: the need is kept. */
const maxCombinations = 1_000;

/** Of the needs of an interface, those that do not follow from what its object types need together. */
export function withoutImplied(
  needs: readonly SchemaNeed[],
  together: readonly (readonly SchemaNeed[])[],
): readonly SchemaNeed[] {
  const premises = [...new Set(together.flat())];
  return needs.filter((need) => !isImplied(need, premises));
}

/** Whether everybody who meets the premises meets the need, each kind of need by itself as composition joins them. */
function isImplied({ need }: SchemaNeed, premises: readonly SchemaNeed[]): boolean {
  if (!need) return premises.some((premise) => premise.need === undefined);
  const ways = premises.flatMap((premise) => (premise.need ? [premise.need.anyOf] : []));
  if (need.anyOf.length === 0) return ways.some((anyOf) => anyOf.length === 0);
  const isMetWith = (granted: readonly string[]) =>
    need.anyOf.some((all) => all.every((permission) => granted.includes(permission)));
  // Every way to meet the premises so far that does not meet the need yet.
  let open: readonly (readonly string[])[] = [[]];
  for (const anyOf of ways) {
    if (anyOf.length === 0) continue;
    open = open.flatMap((granted) => anyOf.map((all) => [...granted, ...all])).filter((granted) => !isMetWith(granted));
    if (open.length > maxCombinations) return false;
  }
  return open.length === 0;
}
