import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { estimateBytes } from '../../gateway/plan/estimate-bytes.ts';
import { createPlanCache } from '../../gateway/plan/plan-cache.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';

const { supergraph } = createTestEngine(createMarketplace());

const parsed = (text: string) => ({ text, document: parse(text) });

const operation = (number: number) => parsed(`{ u${number}: me { id name } }`);

describe('the cache of plans', () => {
  test('plans a document once for each supergraph, operation name and set of overrides', () => {
    const planOperation = createPlanCache(1_000_000);
    const document = parsed('query A { me { id } } query B { me { name } }');
    const a = planOperation(supergraph, document, 'A');
    expect(planOperation(supergraph, document, 'A')).toBe(a);
    expect(planOperation(supergraph, document, 'B')).not.toBe(a);
    expect(planOperation({ ...supergraph, id: 'another' }, document, 'A')).not.toBe(a);
    const overridden = planOperation(supergraph, document, 'A', new Set(['x', 'y']));
    expect(overridden).not.toBe(a);
    expect(planOperation(supergraph, document, 'A', new Set(['y', 'x']))).toBe(overridden);
  });

  test('drops the plans used longest ago when they take more memory than it may', () => {
    const planBytes = estimateBytes(createPlanCache(1_000_000)(supergraph, operation(0)));
    const planOperation = createPlanCache(10 * planBytes);
    const first = planOperation(supergraph, operation(0));
    const second = planOperation(supergraph, operation(1));
    for (let number = 2; number < 20; number += 1) {
      planOperation(supergraph, operation(number));
      expect(planOperation(supergraph, operation(0))).toBe(first);
    }
    expect(planOperation(supergraph, operation(1))).not.toBe(second);
  });

  test('does not keep a plan that alone is too large, nor one that cannot be made', () => {
    const planOperation = createPlanCache(100);
    expect(planOperation(supergraph, operation(0))).not.toBe(planOperation(supergraph, operation(0)));
    const subscription = parsed('query A { me { id } } query B { me { id } }');
    expect(() => planOperation(supergraph, subscription)).toThrow('must hold exactly one operation');
  });
});

test('an estimate of bytes counts what is shared once, and follows lists, maps, sets and circles', () => {
  const shared = { text: 'x'.repeat(1_000) };
  expect(estimateBytes([shared, shared])).toBeLessThan(1_500);
  expect(estimateBytes(new Map([['key', new Set([shared])]]))).toBeGreaterThan(1_000);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(estimateBytes(circle)).toBeLessThan(100);
});
