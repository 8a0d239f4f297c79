import { operationFromDocument, Supergraph as StockSupergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { parse } from 'graphql';
import { planOperation } from '../../gateway/plan/plan-operation.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';
import { bodyOf, visitOf } from '../gateway/operation.ts';
import { composeShop } from '../gateway/shop-process.ts';

/** Milliseconds for a plan of the reference query that nobody has asked for before: medians of plans made in turn. */
export interface PlanTimes {
  readonly ours: number;
  /** The stock planner alone: without what the stock gateway does to its plan before it can be executed. */
  readonly stock: number;
}

const rounds = 60;
/** The first plans are made by code that is not compiled yet. */
const unmeasured = 20;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function timeOf(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** Plans the reference query in this process, again and again. Neither planner keeps plans. */
export function measurePlanTimes(): PlanTimes {
  const sdl = composeShop(0);
  const { query } = JSON.parse(bodyOf(visitOf(0))) as { query: string };
  const supergraph = loadSupergraph(sdl);
  const stock = StockSupergraph.build(sdl);
  const stockPlanner = new QueryPlanner(stock);
  const stockSchema = stock.apiSchema();
  const ours: number[] = [];
  const stocks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // A document of its own each time: what is known of one is kept beside it.
    const documents = [parse(query), parse(query)] as const;
    ours.push(timeOf(() => planOperation(supergraph, documents[0])));
    stocks.push(timeOf(() => stockPlanner.buildQueryPlan(operationFromDocument(stockSchema, documents[1]))));
  }
  return { ours: median(ours.slice(unmeasured)), stock: median(stocks.slice(unmeasured)) };
}
