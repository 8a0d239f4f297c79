import type { DocumentChange } from './store.ts';

/** A document whose present text, if it has one, was not processed yet. */
export const unprocessed = {
  status: 'UPLOADED',
  wordCount: null,
  lineCount: null,
  characterCount: null,
  processingMs: null,
  processingSummary: null,
  processedAt: null,
} as const satisfies DocumentChange;

function count(text: string, pattern: RegExp): number {
  let matches = 0;
  while (pattern.test(text)) matches++;
  return matches;
}

/** Measures a well-formed text in time proportional to its length, as the SDL describes the counts. */
function measureText(text: string) {
  const lineBreaks = count(text, /\r\n?|\n/g);
  const endsInBreak = text.endsWith('\n') || text.endsWith('\r');
  return {
    wordCount: count(text, /\S+/g),
    lineCount: text === '' || endsInBreak ? lineBreaks : lineBreaks + 1,
    // A code point beyond the first 65,536 takes two units, the first of which is a high surrogate.
    characterCount: text.length - count(text, /[\ud800-\udbff]/g),
  };
}

/** What processing a text comes to; null is content that is kept elsewhere, which cannot be processed. */
export function processText(text: string | null) {
  const startedAt = performance.now();
  if (text === null) {
    const processingSummary = 'There is no text to process: the content is kept elsewhere.';
    return { ...unprocessed, status: 'FAILED', processingMs: 0, processingSummary, processedAt: new Date() };
  }
  const metrics = measureText(text);
  const { wordCount, lineCount, characterCount } = metrics;
  return {
    ...metrics,
    status: 'PROCESSED',
    processingMs: Math.round((performance.now() - startedAt) * 1_000) / 1_000,
    processingSummary: `Words: ${wordCount}. Lines: ${lineCount}. Characters: ${characterCount}.`,
    processedAt: new Date(),
  };
}
