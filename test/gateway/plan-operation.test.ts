import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { AbstractShape, ObjectShape, OutputShape } from '../../gateway/plan/output-shape.ts';
import type { PlanNode } from '../../gateway/plan/plan-node.ts';
import { planOperation } from '../../gateway/plan/plan-operation.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { createTestSubgraph, type TestSubgraph } from '../support/federation/subgraph.ts';

const { supergraph, plan } = createTestEngine(createMarketplace());

const marketplaceAccounts = createMarketplace().filter(({ name }) => name === 'accounts')[0] as TestSubgraph;
const news = createTestSubgraph(
  'news',
  `type Query { x: Int } type Subscription { joined: Joining }
   type Joining { since: String user: User } type User @key(fields: "id", resolvable: false) { id: ID! }`,
);

describe('a plan', () => {
  test('is frozen data: what to fetch, in which order', () => {
    const { node } = plan(parse('query ($yes: Boolean!) { me { karma @include(if: $yes) } topProduct { upc } }'));
    expect(outline(node)).toEqual({
      Parallel: [{ Sequence: ['accounts', { 'If yes': { 'Flatten me': 'reviews' } }] }, 'reviews'],
    });
    expect(Object.isFrozen(node)).toBe(true);
  });

  test('asks no subgraph for introspection and __typename', () => {
    expect(plan(parse('{ __typename __schema { queryType { name } } }')).node).toBeUndefined();
    expect(plan(parse('{ me @skip(if: true) { id } }')).node).toBeUndefined();
  });

  test('that the planner leaves empty is an error for an operation that needs data', () => {
    const empty = {
      ...supergraph,
      planner: Object.create(supergraph.planner, { buildQueryPlan: { value: emptyPlan } }),
    };
    expect(() => planOperation(empty, parse('{ me { id } }'))).toThrow('No plan was found for the operation.');
  });

  test('shares what the types of an abstract type have in common, so that nesting does not multiply it', () => {
    const { shape } = plan(parse('{ shelves { related { related { related { upc } } } } }'));
    expect(JSON.stringify([...distinctShapes(shape)].map(({ typeName }) => typeName))).toBe(
      JSON.stringify(['Query', 'Product', 'Product', 'Product', 'Product']),
    );
  });

  test('of @stream is refused', () => {
    expect(() => plan(parse('{ users @stream { name } }'))).toThrow('@stream is not supported.');
  });

  test('holds what is deferred as blocks of its own, for those who take an answer in parts', () => {
    const source = '{ me { name ...F } } fragment F on User { ... @defer(label: "later") { karma } }';
    const { node, partLabels } = planInParts(source);
    expect(outline(node)).toEqual({ Defer: ['accounts', { 0: { 'Flatten me': 'reviews' } }] });
    expect(partLabels).toEqual(['later']);
    expect(outline(plan(parse(source)).node)).toEqual({ Sequence: ['accounts', { 'Flatten me': 'reviews' }] });
  });

  test('is as if nothing were deferred where the planner cannot defer', () => {
    const planner = {
      buildQueryPlan(operation: { toString(): string }, options: object) {
        if (operation.toString().includes('@defer')) throw new Error('No plan was found.');
        return supergraph.planner.buildQueryPlan(operation as never, options);
      },
    };
    const failingPlanner = Object.setPrototypeOf(planner, supergraph.planner);
    const failing = { ...supergraph, planner: failingPlanner };
    const document = parse('{ me { name ... @defer { karma } } }');
    const { node, partLabels } = planOperation(failing, document, undefined, new Set(), true);
    expect(outline(node)).toEqual({ Sequence: ['accounts', { 'Flatten me': 'reviews' }] });
    expect(partLabels).toEqual([]);
  });

  test('decides about @defer by at most three variables, and defers at most 64 parts', () => {
    const variables = ['a', 'b', 'c', 'd'];
    const asked = `query (${variables.map((name) => `$${name}: Boolean!`).join(' ')}) {
      me { ${variables.map((name) => `... @defer(if: $${name}) { ${name}: karma }`).join(' ')} }
    }`;
    expect(planInParts(asked).partLabels).toHaveLength(3);
    const many = Array.from({ length: 70 }, (_, number) => `... @defer { a${number}: name }`);
    expect(planInParts(`{ me { ${many.join(' ')} } }`).partLabels).toHaveLength(64);
  });

  test('of a subscription is its source, and what every event needs beside it', () => {
    const engine = createTestEngine([news, marketplaceAccounts]);
    const { node, operationKind } = engine.plan(parse('subscription { joined { since user { name } } }'));
    expect(operationKind).toBe('subscription');
    expect(outline(node)).toEqual({ Subscription: ['news', { Sequence: [{ 'Flatten joined.user': 'accounts' }] }] });
    expect(Object.isFrozen(node)).toBe(true);
  });

  test('of a subscription whose source depends on a variable is refused', () => {
    const engine = createTestEngine([news, marketplaceAccounts]);
    const source =
      'subscription ($no: Boolean!) { ...F } fragment F on Subscription { joined @skip(if: $no) { since } }';
    expect(() => engine.plan(parse(source))).toThrow('The field of a subscription cannot have @skip or @include.');
  });

  test('whose entity fetch would have two variables of one name is refused', () => {
    const source = 'query ($representations: Int) { me { reviews(first: $representations) { id } } }';
    expect(() => plan(parse(source))).toThrow('A variable named "$representations" cannot be used here.');
    expect(plan(parse('query ($representations: Int) { users(first: $representations) { id } }')).node).toMatchObject({
      variableNames: ['representations'],
    });
  });
});

function planInParts(source: string) {
  return planOperation(supergraph, parse(source), undefined, new Set(), true);
}

function emptyPlan() {
  return { kind: 'QueryPlan' };
}

/** The shapes of objects below a shape, each once. */
function distinctShapes(shape: OutputShape, found = new Set<ObjectShape | AbstractShape>()): typeof found {
  if (shape.kind === 'NonNull' || shape.kind === 'List') return distinctShapes(shape.of, found);
  if (shape.kind === 'Scalar' || shape.kind === 'Enum' || found.has(shape)) return found;
  found.add(shape);
  const fields =
    shape.kind === 'Object' ? shape.fields : [...shape.shapes.values()].flatMap((runtime) => runtime.fields);
  for (const field of fields) if (field.kind === 'Data') distinctShapes(field.shape, found);
  return found;
}

/** A plan as the subgraphs it asks. */
function outline(node: PlanNode | undefined): unknown {
  if (!node) return undefined;
  switch (node.kind) {
    case 'Fetch':
      return node.subgraph;
    case 'Flatten':
      return { [`Flatten ${node.path.join('.')}`]: outline(node.node) };
    case 'Condition':
      return { [`If ${node.variable}`]: outline(node.ifClause) };
    case 'Defer':
      return { Defer: [outline(node.primary), ...node.blocks.map((block) => ({ [block.part]: outline(block.node) }))] };
    case 'Subscription':
      return { Subscription: [outline(node.primary), outline(node.rest)] };
    default:
      return { [node.kind]: node.nodes.map(outline) };
  }
}
