import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { answerAttacks } from './answer-attacks.ts';
import { attackMs, scenariosOf, startMs } from './attack.ts';
import { federationAttacks } from './federation-attacks.ts';
import { type FederationScene, openFederationScene } from './federation-scene.ts';

let scene: FederationScene;

beforeAll(async () => {
  scene = await openFederationScene();
}, startMs);

afterAll(() => scene?.stop());

describe('between the gateway and its subgraphs', () => {
  const attacks = [...federationAttacks, ...answerAttacks];
  test.each(scenariosOf(attacks))('$id: $name', (attack) => attack.run(scene), attackMs);
});
