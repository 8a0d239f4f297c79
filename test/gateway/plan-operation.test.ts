import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { AbstractShape, ObjectShape, OutputShape } from '../../gateway/plan/output-shape.ts';
import type { PlanNode } from '../../gateway/plan/plan-node.ts';
import { planOperation } from '../../gateway/plan/plan-operation.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const { supergraph, plan } = createTestEngine(createMarketplace());

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

  test.each([
    ['@defer', '{ me { ... @defer { name } } }'],
    ['@stream', '{ users @stream { name } }'],
  ])('of %s is refused', (directive, source) => {
    expect(() => plan(parse(source))).toThrow(`${directive} is not supported.`);
  });

  test('of a subscription is refused', () => {
    const news = createTestSubgraph('news', 'type Query { x: Int } type Subscription { news: String }');
    const engine = createTestEngine([news]);
    expect(() => engine.plan(parse('subscription { news }'))).toThrow('Subscriptions are not supported.');
  });

  test('whose entity fetch would have two variables of one name is refused', () => {
    const source = 'query ($representations: Int) { me { reviews(first: $representations) { id } } }';
    expect(() => plan(parse(source))).toThrow('A variable named "$representations" cannot be used here.');
    expect(plan(parse('query ($representations: Int) { users(first: $representations) { id } }')).node).toMatchObject({
      variableNames: ['representations'],
    });
  });
});

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
    default:
      return { [node.kind]: node.nodes.map(outline) };
  }
}
