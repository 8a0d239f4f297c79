import { createDataSubgraph } from './data-subgraph.ts';
import type { TestSubgraph } from './subgraph.ts';

const crmSdl = `
  type Query {
    node(id: ID!): Node
    everything: [Node]!
    search: [Found]
    leads: [Lead]
    lead(id: ID!): Lead
    contacts: [Contact!]
    contact: Contact
    firstContact: Contact!
    notes: [Note]
    secrets: Secrets @authenticated
    audits: [Audit] @requiresScopes(scopes: [["read:audit"], ["read:security", "read:crm"]])
  }
  type Mutation {
    createLead(name: String!): CreateLeadPayload @requiresScopes(scopes: [["write:leads"]])
    updateContact(name: String!): UpdateContactPayload @requiresScopes(scopes: [["write:contacts"]])
  }
  interface Node { id: ID! }
  interface Named { name: String }
  union Found = Lead | Contact | Note
  type Lead implements Node & Named @key(fields: "id") @requiresScopes(scopes: [["read:leads"]]) {
    id: ID!
    name: String
    contact: Contact
    neighbours: [Node]
    budget: Money
    stage: Stage
  }
  type Contact implements Node & Named @key(fields: "id") @requiresScopes(scopes: [["read:contacts"]]) {
    id: ID!
    name: String @requiresScopes(scopes: [["read:pii"]])
    email: String @requiresScopes(scopes: [["read:pii"]])
    phone: String! @requiresScopes(scopes: [["read:pii"]])
    calls: [Call!]
  }
  type Call { at: String  number: String! @requiresScopes(scopes: [["read:pii"]]) }
  type Note implements Node & Named { id: ID!  name: String  text: String }
  type Secrets { word: String }
  type Audit { what: String }
  type CreateLeadPayload { lead: Lead  contact: Contact  created: Node!  count: Int }
  type UpdateContactPayload { contact: Contact! }
  scalar Money @requiresScopes(scopes: [["read:money"]])
  enum Stage @requiresScopes(scopes: [["read:stages"]]) { NEW OLD }
`;

const ratingSdl = `
  type Lead @key(fields: "id") {
    id: ID!
    contact: Contact @external
    rating: String @requires(fields: "contact { email }")
      @requiresScopes(scopes: [["read:leads", "read:contacts", "read:pii"]])
    rank: Int
  }
  type Contact @key(fields: "id") @requiresScopes(scopes: [["read:contacts"]]) {
    id: ID!
    email: String @external
    tags: [String]
  }
`;

const calls = [
  { at: 'noon', number: 'secret-number' },
  { at: 'night', number: 'secret-number' },
];
const contact = {
  ...{ __typename: 'Contact', id: 'c1', name: 'secret-name', email: 'secret-email' },
  ...{ phone: 'secret-phone', calls },
};
const note = { __typename: 'Note', id: 'n1', name: 'A note', text: 'Hello' };
const lead = {
  ...{ __typename: 'Lead', id: 'l1', name: 'Ada', contact, budget: 'secret-budget', stage: 'NEW' },
  neighbours: [contact, note],
};
const otherLead = { ...lead, id: 'l2', name: 'Bob' };
const nodes: Readonly<Record<string, unknown>> = { c1: contact, l1: lead, l2: otherLead, n1: note };

/** A CRM whose types, fields, scalars and enums need permissions, and an app that rates its leads. */
export function createGuardedCrm(): readonly TestSubgraph[] {
  const root = { query: { node: ({ id }: { readonly id: string }) => nodes[id] ?? null } };
  const query = {
    ...root.query,
    lead: root.query.node,
    everything: [note, contact, lead, contact],
    search: [contact, note, contact, lead],
    leads: [lead, otherLead],
    contacts: [contact, contact],
    contact,
    firstContact: contact,
    notes: [],
    secrets: { word: 'secret-word' },
    audits: [{ what: 'secret-audit' }],
  };
  const mutation = {
    createLead: { lead, contact, created: lead, count: 2 },
    updateContact: { contact },
  };
  const entities = { Lead: [lead, otherLead], Contact: [contact] };
  const crm = createDataSubgraph('crm', { sdl: crmSdl, query, mutation, entities });
  const ratings = createDataSubgraph('ratings', {
    sdl: ratingSdl,
    entities: {
      Lead: [
        { id: 'l1', rating: 'secret-rating', rank: 1 },
        { id: 'l2', rating: 'secret-rating', rank: 2 },
      ],
      Contact: [{ id: 'c1', tags: ['secret-tag'] }],
    },
  });
  return [crm, ratings];
}

/** Everything that subgraphs were asked so far: documents and representations, as one text. */
export function askedOf(subgraphs: readonly TestSubgraph[]): string {
  return subgraphs
    .flatMap(({ requests }) => requests.map(({ document, variables }) => `${document} ${JSON.stringify(variables)}`))
    .join('\n');
}
