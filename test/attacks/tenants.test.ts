import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { attackMs, scenariosOf, startMs } from './attack.ts';
import { limitAttacks } from './limit-attacks.ts';
import { tenantAttacks } from './tenant-attacks.ts';
import { type CrowdScene, openCrowdScene } from './tenant-scene.ts';

let scene: CrowdScene;

beforeAll(async () => {
  scene = await openCrowdScene();
}, startMs);

afterAll(() => scene?.stand.stop());

describe('one tenant and the others', () => {
  test.each(scenariosOf(tenantAttacks))('$id: $name', (attack) => attack.run(scene), attackMs);
});

describe('limits', () => {
  test.each(scenariosOf(limitAttacks))('$id: $name', (attack) => attack.run(scene), attackMs);
});
