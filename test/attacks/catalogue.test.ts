import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from '../support/source-files.ts';
import { answerAttacks } from './answer-attacks.ts';
import { type AnyAttack, type AttackGroup, isPending, isProven } from './attack.ts';
import { credentialAttacks } from './credential-attacks.ts';
import { databaseAttacks } from './database-attacks.ts';
import { documentAttacks } from './document-attacks.ts';
import { federationAttacks } from './federation-attacks.ts';
import { inputAttacks } from './input-attacks.ts';
import { leakAttacks } from './leak-attacks.ts';
import { limitAttacks } from './limit-attacks.ts';
import { pendingAttacks } from './pending-attacks.ts';
import { permissionAttacks } from './permission-attacks.ts';
import { shieldAttacks } from './shield-attacks.ts';
import { socketAttacks } from './socket-attacks.ts';
import { tenantAttacks } from './tenant-attacks.ts';
import { transportAttacks } from './transport-attacks.ts';

/** The last number of each group in the catalogue of attacks, whose entries have the odd numbers. */
const lastNumbers: Readonly<Record<AttackGroup, number>> = {
  DOS: 53,
  INF: 35,
  HTTP: 55,
  AUTH: 81,
  AUTHZ: 25,
  INJ: 29,
  FED: 55,
  WS: 61,
  SHD: 15,
  TEN: 19,
  PG: 33,
  RL: 13,
  FLT: 37,
};

const catalogue = Object.entries(lastNumbers).flatMap(([group, last]) =>
  Array.from({ length: (last + 1) / 2 }, (_, index) => `${group}-${String(2 * index + 1).padStart(3, '0')}`),
);

const attacks: readonly AnyAttack[] = [
  ...documentAttacks,
  ...leakAttacks,
  ...transportAttacks,
  ...credentialAttacks,
  ...permissionAttacks,
  ...inputAttacks,
  ...federationAttacks,
  ...answerAttacks,
  ...shieldAttacks,
  ...tenantAttacks,
  ...databaseAttacks,
  ...limitAttacks,
  ...socketAttacks,
  ...pendingAttacks,
];

/** Of the group on faults all may be pending; of the others these, for metrics. */
const mayBePending = /^FLT-|^(RL-013|TEN-019)$/;

describe('the catalogue of attacks', () => {
  test('has 262 entries, each of which is here once', () => {
    expect(catalogue).toHaveLength(262);
    expect(attacks.map(({ id }) => id).sort()).toEqual([...catalogue].sort());
  });

  test('waits for nothing but what is not built yet', () => {
    expect(attacks.filter(isPending).filter(({ id }) => !mayBePending.test(id))).toEqual([]);
  });

  test.each(attacks.filter(isProven))('$id ($name) is proven by tests that there are', ({ provenBy }) => {
    for (const [file, name] of provenBy) {
      expect([file, existsSync(join(root, file))]).toEqual([file, true]);
      const source = readFileSync(join(root, file), 'utf8');
      const isThere = [`test('${name}'`, `test("${name}"`, `test(\n  '${name}'`].some((text) => source.includes(text));
      expect([name, isThere || source.includes(`'${name}', async`)]).toEqual([name, true]);
    }
  });
});
