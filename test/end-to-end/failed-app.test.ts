import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../support/platform.ts';
import { runStatements } from '../support/run-statements.ts';

const query = /* GraphQL */ `
  {
    customer360(id: "cus_acme_0001") {
      profile { username }
      behavior { behaviorScore }
      documents { documentCount }
      crm { contact { id } }
      insights { healthScore }
    }
    customers(first: 3) { nodes { profile { username } behavior { behaviorScore } } }
  }
`;

describe('when the database refuses one app', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let platform: PlatformProcess;
  let ownerUrl: string;

  beforeAll(async () => {
    directory = await createDataDirectory({ demo: true });
    platform = await startPlatformProcess(directory.path);
    const read = (file: string) => readFileSync(join(directory.path, file), 'utf8').trim();
    const port = read('postgres/postmaster.pid').split('\n')[3];
    ownerUrl = `postgres://panorama:${encodeURIComponent(read('postgres.password'))}@127.0.0.1:${port}/panorama`;
    await runStatements(
      ownerUrl,
      'ALTER ROLE panorama_analytics NOLOGIN',
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'panorama_analytics'",
    );
  }, 120_000);

  afterAll(async () => {
    await platform?.end('SIGTERM');
    await directory.remove();
  });

  test('its fields, and what is computed from them, are null with its name; the rest is served', async () => {
    const { status, data, errors } = await platform.post<Record<string, Record<string, unknown>>>(query);
    expect(status).toBe(200);
    expect(data.customer360).toMatchObject({
      profile: { username: expect.any(String) },
      behavior: null,
      documents: { documentCount: 7 },
      crm: { contact: { id: expect.any(String) } },
      insights: null,
    });
    expect(data.customers?.nodes).toHaveLength(3);
    for (const error of errors ?? []) {
      expect(error.extensions).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', app: 'analytics' });
      expect(error.message).not.toMatch(/panorama_|role|postgres/i);
    }
    const paths = errors?.map(({ path }) => path?.join('.')).sort();
    expect(paths).toEqual([
      'customer360.behavior',
      'customer360.insights',
      'customers.nodes.0.behavior',
      'customers.nodes.1.behavior',
      'customers.nodes.2.behavior',
    ]);
  });

  test('readiness is DEGRADED and names it', async () => {
    const response = await fetch(`${platform.url}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: 'DEGRADED',
      components: { analytics: { status: 'UNHEALTHY' }, users: { status: 'HEALTHY' } },
    });
  });

  test('everything is served again once the database lets it in', async () => {
    await runStatements(ownerUrl, 'ALTER ROLE panorama_analytics LOGIN');
    const { data, errors } = await platform.post<{ customer360: Record<string, unknown> }>(query);
    expect(errors).toBeUndefined();
    expect(data.customer360).toMatchObject({ behavior: { behaviorScore: 82 }, insights: { healthScore: 85 } });
  });
});
