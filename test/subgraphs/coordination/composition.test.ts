import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { PlanNode } from '../../../gateway/plan/plan-node.ts';
import { planOperation } from '../../../gateway/plan/plan-operation.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../gateway/supergraph/supergraph.ts';
import { apps } from '../../../subgraphs/index.ts';

const customer360 = parse(`query ($id: ID!) { customer360(id: $id) {
  id
  profile { username email createdAt lastLogin }
  behavior { behaviorScore sessionCount lastActivity engagementLevel }
  documents { documentCount storageUsage recentDocuments { id title } }
  insights { healthScore recommendedActions }
} }`);

/** The apps that a plan asks, in order; those asked at the same time stand together. */
function askedApps(node: PlanNode): unknown {
  switch (node.kind) {
    case 'Fetch':
      return node.subgraph;
    case 'Flatten':
      return askedApps(node.node);
    case 'Sequence':
      return node.nodes.map(askedApps);
    case 'Parallel':
      return new Set(node.nodes.map(askedApps));
    case 'Condition':
    case 'Defer':
    case 'Subscription':
      throw new Error('The operation is one query without conditions.');
  }
}

async function plan() {
  const subgraphs = apps.map(async (app) => ({
    name: app.name,
    url: `inprocess:${app.name}`,
    sdl: await app.readSdl(),
  }));
  return planOperation(loadSupergraph(composeSupergraph(await Promise.all(subgraphs))), customer360);
}

test('the apps of insights compose, and each is asked once: users, then two at the same time, then coordination', async () => {
  const { node } = await plan();
  expect(node && askedApps(node)).toEqual(['users', new Set(['analytics', 'documents']), 'coordination']);
});
