import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Attack, attackMs, isRequest, scenariosOf, startMs } from './attack.ts';
import { makeAttack } from './check-answer.ts';
import { credentialAttacks } from './credential-attacks.ts';
import { documentAttacks } from './document-attacks.ts';
import { inputAttacks } from './input-attacks.ts';
import { leakAttacks } from './leak-attacks.ts';
import { permissionAttacks } from './permission-attacks.ts';
import { ask, keyOfGlobex } from './send.ts';
import { socketAttacks } from './socket-attacks.ts';
import { openStand, type Stand } from './stand.ts';
import { transportAttacks } from './transport-attacks.ts';

const secretLead =
  'mutation { createLead(input: {firstName: "Secretive", lastName: "Globex", email: "only-in-globex@example.com"}) { lead { id } } }';

/*
 * One stand for all of them: what one attack leaves behind, the next would meet. An unhandled rejection fails the test
 * that it happens in; the test runner sees to that.
 */
let stand: Stand;

beforeAll(async () => {
  stand = await openStand();
  const { data } = await ask(stand.url, { query: secretLead }, { 'x-tenant-key': keyOfGlobex });
  expect(data).toEqual({ createLead: { lead: { id: expect.any(String) } } });
}, startMs);

afterAll(() => stand?.stop());

/** Each makes its attack, and the next one finds the stand as the first did. */
function attack(attacks: readonly Attack[]): void {
  const made = [...attacks.filter(isRequest), ...scenariosOf(attacks)];
  test.each(made)('$id: $name', (one) => (isRequest(one) ? makeAttack(stand, one) : one.run(stand)), attackMs);
}

describe('the cost of documents', () => attack(documentAttacks));
describe('leaks', () => attack(leakAttacks));
describe('the transport', () => attack(transportAttacks));
describe('credentials', () => attack(credentialAttacks));
describe('permissions', () => attack(permissionAttacks));
describe('inputs', () => attack(inputAttacks));

describe('sockets', () => attack(socketAttacks));

describe('the log of all this', () => {
  test('has no credential in it', () => {
    expect(stand.logs.join('')).not.toMatch(/eyJ[\w-]+\.[\w-]+\.|pk_[a-z0-9]{8}_|demo-(acme|globex)-/);
  });
});
