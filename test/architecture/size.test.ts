import { describe, expect, test } from '@jest/globals';
import { readSourceFiles } from '../support/source-files.ts';

const files = readSourceFiles();
const lengths = files.map(({ text }) => text.split('\n').length).sort((a, b) => a - b);
const quantile = (share: number) => lengths[Math.floor((lengths.length - 1) * share)] ?? 0;

describe('the size of the house', () => {
  test('no file has more than 500 lines', () => {
    expect(files.filter(({ text }) => text.split('\n').length > 500).map(({ path }) => path)).toEqual([]);
  });

  test('half of the files have at most 100 lines, nine in ten at most 300', () => {
    expect(quantile(0.5)).toBeLessThanOrEqual(100);
    expect(quantile(0.9)).toBeLessThanOrEqual(300);
  });

  test('no name says nothing', () => {
    const empty = /(^|\/)(utils?|helpers?|common|misc|manager|types)(\/|\.tsx?$)/;
    expect(files.filter(({ path }) => empty.test(path)).map(({ path }) => path)).toEqual([]);
  });
});
