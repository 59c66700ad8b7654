/** How well `query` fits `text`: higher is better, 0 is not at all. All words must occur, in any order. */
export function fuzzyScore(query: string, text: string): number {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const lower = text.toLowerCase();
  let score = 1;
  for (const word of wanted) {
    const at = lower.indexOf(word);
    if (at >= 0) {
      const boundary = at === 0 || /[^a-z0-9]/.test(lower[at - 1] as string);
      score += 10 + (boundary ? 5 : 0) - Math.min(4, at / 20);
      continue;
    }
    if (!scattered(word, lower)) return 0;
    score += 1;
  }
  return score;
}

/** Whether the letters of a word occur in this order. */
function scattered(word: string, text: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Those in which all words of a query occur as they are, in their order. */
export function wordFilter<T>(query: string, items: T[], text: (item: T) => string): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    const lower = text(item).toLowerCase();
    return words.every((word) => lower.includes(word));
  });
}

/** Those that fit, best first; without a query all, as they were. */
export function fuzzyFilter<T>(query: string, items: T[], text: (item: T) => string): T[] {
  if (!query.trim()) return items;
  return items
    .map((item) => ({ item, score: fuzzyScore(query, text(item)) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}
