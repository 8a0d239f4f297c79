import { createHash } from 'node:crypto';
import type { TenantId } from '../tenancy/ids.ts';
import { withoutOneLetter } from './words.ts';

/** How near a record comes to what is searched for, the nearest first. */
export const closenesses = ['WORDS', 'BEGINNING', 'ALIKE', 'SOME'] as const;
export type Closeness = (typeof closenesses)[number];

/** One way to look: a condition on the words of a record, and what ranks those that meet it. */
export interface SearchWay {
  readonly closeness: Closeness;
  /** As a tsquery of Postgres is written. */
  readonly condition: string;
  readonly ranking: string;
}

/** How many words of a search count; the rest does not. */
const mostWords = 8;

/**
 * The ways to look for words in a tenant, the strictest first: all words as they are; the last as a beginning, as of one who
 * is still typing; all words, misspelt; some of several words. Words hold letters and digits only (`searchWords`), so
 * nothing in them means anything to Postgres. Each begins with the key of its tenant, as `platform.search_vector` writes it:
 * a search never walks through the words of another tenant.
 */
export function searchWays(tenantId: TenantId, words: readonly string[]): readonly SearchWay[] {
  const key = createHash('sha256').update(tenantId).digest('hex').slice(0, 8);
  const counted = [...new Set(words)].slice(0, mostWords);
  const exact = counted.map((word) => `'${key}${word}'`);
  const begun = exact.map((word, index) => (index === exact.length - 1 ? `${word}:*` : word));
  const alike = counted.map((word) => {
    const forms = [word, ...withoutOneLetter(word)];
    return `(${forms.flatMap((form) => [`'${key}${form}'`, `'${key}~${form}'`]).join('|')})`;
  });
  const way = (closeness: Closeness, terms: readonly string[], join: '&' | '|'): SearchWay => ({
    closeness,
    condition: terms.join(join),
    ranking: terms.join('|'),
  });
  if (counted.length === 0) return [];
  const all = [way('WORDS', exact, '&'), way('BEGINNING', begun, '&'), way('ALIKE', alike, '&')];
  return counted.length === 1 ? all : [...all, way('SOME', begun, '|')];
}
