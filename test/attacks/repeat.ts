/** Does something so many times, a few at once. */
export async function repeat(count: number, atOnce: number, once: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await once(index);
  };
  // All have come to their end before the first failure is told: nothing runs on into the next test.
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
