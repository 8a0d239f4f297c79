import type { KeyObject } from 'node:crypto';
import { openText, sealText } from '../tenancy/sealed-text.ts';
import { resultToText, textToResult } from './result-text.ts';

/**
 * Seals what a command came to, for whoever may ask for it again. Values are kept as they are inside: instants, big
 * integers and bytes too.
 *
 * @param place Where the result is kept; it opens nowhere else.
 */
export function sealResult(key: KeyObject, place: string, value: unknown): string {
  return sealText(key, place, resultToText(value));
}

/** Opens what `sealResult` made for the same place. Throws where it was made with another key or for another place. */
export function openResult(key: KeyObject, place: string, text: string): unknown {
  return textToResult(openText(key, place, text));
}
