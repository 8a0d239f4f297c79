import { areAlike, searchWords } from './words.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string) => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

interface Marked {
  readonly html: string;
  readonly count: number;
}

function mark(text: string, matches: (word: string) => boolean): Marked {
  let count = 0;
  let end = 0;
  let html = '';
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    if (!matches(searchWords(word).join(''))) continue;
    html += `${escapeHtml(text.slice(end, index))}<mark>${escapeHtml(word)}</mark>`;
    end = index + word.length;
    count += 1;
  }
  return { html: html + escapeHtml(text.slice(end)), count };
}

/**
 * The text that shows best why a record was found, as HTML: what was searched for stands between `<mark>` and `</mark>`,
 * everything else is escaped.
 *
 * @param texts The first of those that match equally well is shown.
 * @param words As `searchWords` gives them.
 * @param isMisspelt Whether words that are alike match too.
 */
export function highlight(texts: readonly string[], words: readonly string[], isMisspelt: boolean): string {
  const matches = (word: string) =>
    words.some((wanted) => word.startsWith(wanted) || (isMisspelt && areAlike(word, wanted)));
  const [first, ...others] = texts.map((text) => mark(text, matches));
  return others.reduce((best, other) => (other.count > best.count ? other : best), first ?? { html: '', count: 0 })
    .html;
}
