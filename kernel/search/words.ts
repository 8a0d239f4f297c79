/** How long a word is at most, in characters; the rest does not count. */
const longestWord = 64;

const separators =
  /[\t\n\v\f\r !-/:-@[-`{-~\u0080-\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f]+/u;
const plainLetters: Readonly<Record<string, string>> = {
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ð: 'd',
  ı: 'i',
  ς: 'σ',
  æ: 'ae',
  œ: 'oe',
  ß: 'ss',
};

/**
 * The words of a text as they are searched: small letters without accents, each cut at 64 characters. The function
 * `platform.search_words` of the database does the same to what is found.
 */
export function searchWords(text: string): string[] {
  const plain = text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[øđłðıςæœß]/g, (letter) => plainLetters[letter] ?? letter);
  const words = plain.replaceAll('\0', ' ').split(separators);
  return words.filter((word) => word !== '').map((word) => Array.from(word).slice(0, longestWord).join(''));
}

/** A word with each of its letters left out in turn; none for words that are too short or too long to be misspelt. */
export function withoutOneLetter(word: string): string[] {
  const letters = Array.from(word);
  if (letters.length < 3 || letters.length > 24) return [];
  return letters.map((_, place) => letters.toSpliced(place, 1).join(''));
}

/** Whether two words become the same when at most one letter is left out of each: so a letter may be wrong, missing, too many or swapped with the next. */
export function areAlike(one: string, other: string): boolean {
  if (one === other) return true;
  const forms = new Set([one, ...withoutOneLetter(one)]);
  return [other, ...withoutOneLetter(other)].some((form) => forms.has(form));
}
