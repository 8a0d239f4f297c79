/** The name that an unknown one was most likely meant to be: the one fewest typing mistakes away. */
export function nearestName(unknown: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => ({
    name,
    distance: distanceBetween(unknown.toLowerCase(), name.toLowerCase()),
  }));
  return distances.sort((a, b) => a.distance - b.distance)[0]?.name;
}

/** Levenshtein's distance: how many characters to put in, take out or exchange. */
function distanceBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, character] of [...from].entries()) {
    const above = row;
    row = [line + 1];
    for (let column = 0; column < to.length; column += 1) {
      const exchanged = (above[column] ?? 0) + (character === to[column] ? 0 : 1);
      row.push(Math.min(exchanged, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1));
    }
  }
  return row[to.length] ?? 0;
}
