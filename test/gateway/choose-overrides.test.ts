import { describe, expect, test } from '@jest/globals';
import { chooseOverrides } from '../../gateway/plan/choose-overrides.ts';

const labels = new Set(['percent(10)', 'percent(2.5)', 'percent(100)', 'beta']);

describe('the choice of progressive overrides', () => {
  test.each([
    [0, ['percent(10)', 'percent(2.5)', 'percent(100)']],
    [0.024, ['percent(10)', 'percent(2.5)', 'percent(100)']],
    [0.025, ['percent(10)', 'percent(100)']],
    [0.1, ['percent(100)']],
    [0.999, ['percent(100)']],
  ])('takes percentages by one draw: %d', (draw, expected) => {
    expect([...chooseOverrides(labels, () => false, draw)]).toEqual(expected);
  });

  test('asks for labels of one’s own, and only for those', () => {
    const asked: string[] = [];
    const decide = (label: string) => asked.push(label) > 0;
    expect([...chooseOverrides(labels, decide, 0.5)]).toEqual(['percent(100)', 'beta']);
    expect(asked).toEqual(['beta']);
  });

  test('draws anew for every request', () => {
    const half = Array.from({ length: 1_000 }, () => chooseOverrides(new Set(['percent(50)'])).size);
    const share = half.reduce((sum, size) => sum + size, 0) / half.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  });
});
