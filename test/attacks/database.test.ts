import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { makeDemoTenants } from '../../cli/demo/tenants.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { attackMs, scenariosOf, startMs } from './attack.ts';
import { databaseAttacks } from './database-attacks.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp(crm);
  for (const tenant of makeDemoTenants('s')) await app.insertDemo({ ...tenant, people: tenant.people.slice(0, 2) });
}, startMs);

afterAll(() => app?.stop());

describe('the wall in the database', () => {
  test.each(scenariosOf(databaseAttacks))('$id: $name', (attack) => attack.run(app), attackMs);
});
