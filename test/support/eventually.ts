/** Resolves when the check holds. It is the test's own time limit that ends the wait for what never comes. */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5));
}
