import type { RequestPattern } from '../load/generator.ts';

/** The one deep query of the workload: users and top products, each down to the reviews of the reviews' authors. */
const query = `
  query Shop($visit: ID) {
    users(visit: $visit) {
      ...Person
      reviews {
        ...Opinion
        product {
          ...Article
          reviews { ...Opinion author { ...Person reviews { ...Opinion product { ...Article } } } }
        }
      }
    }
    topProducts {
      ...Article
      reviews { ...Opinion author { ...Person reviews { ...Opinion product { ...Article } } } }
    }
  }
  fragment Person on User { id username name }
  fragment Opinion on Review { id body }
  fragment Article on Product { inStock name price shippingEstimate upc weight }
`.replaceAll(/\s+/g, ' ');

/** What every value of the variable looks like, wherever a gateway may put it: the subgraphs answer all alike. */
export const visitPattern = /visit-\d{9}/g;

/** One visit of the shop; `n` below 10^9. All visits are of the same length. */
export function visitOf(n: number): string {
  return `visit-${String(n).padStart(9, '0')}`;
}

/** The body of the request of one visit. */
export function bodyOf(visit: string): string {
  return JSON.stringify({ query, variables: { visit } });
}

/** The request of the workload: each of another visit, in a variable and a header, or all of the same one. */
export function requestOf(distinct: boolean): RequestPattern {
  return { headers: { 'x-request-n': '<n>' }, body: bodyOf('visit-<n>'), digits: 9, count: distinct ? 999_999_999 : 1 };
}
