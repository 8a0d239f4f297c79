import type { Attack, Proof } from './attack.ts';

const proof = (test: string): Proof => ['test/kernel/permissions/shield.test.ts', test];

/** Where graphql-shield lets through what it should refuse. */
export const shieldAttacks: readonly Attack[] = [
  {
    id: 'SHD-001',
    name: 'a library that does not load on the Node of today',
    provenBy: [proof('chains rules on the Node of today')],
  },
  {
    id: 'SHD-003',
    name: 'a rule turned round that lets through what fails',
    provenBy: [proof('does not turn a rule that throws into a yes')],
  },
  {
    id: 'SHD-005',
    name: 'two rules of one name that share a verdict',
    provenBy: [proof('keeps no verdict: two schemas with equal rules on one context decide apart')],
  },
  {
    id: 'SHD-007',
    name: 'a field of which nothing is said',
    provenBy: [proof('of which nothing is said is denied where an operation begins, to everyone')],
  },
  {
    id: 'SHD-009',
    name: 'a subscription whose beginning is not guarded',
    provenBy: [proof('is guarded when it begins and at each event, though it has both resolvers')],
  },
  {
    id: 'SHD-011',
    name: 'a refusal and a failure that read the same',
    provenBy: [proof('names all permissions that the nearest alternative lacks, and what fails is no refusal')],
  },
  {
    // What it costs in time is measured, not tested.
    id: 'SHD-013',
    name: 'a long list whose every field is judged again',
    provenBy: [proof('that needs no more than its parent did is not asked about again')],
  },
  {
    id: 'SHD-015',
    name: 'a verdict that is kept by a parent which is null',
    provenBy: [
      proof('keeps no verdict: two schemas with equal rules on one context decide apart'),
      proof('needs what its own directive and its type say, under whatever name the directives are imported'),
    ],
  },
];
