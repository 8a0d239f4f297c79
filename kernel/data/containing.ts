/** A filter of Prisma for columns that hold a text; `%` and `_`, which LIKE takes for wildcards, stand for themselves. */
export function containing(text: string): { readonly contains: string } {
  return { contains: text.replace(/[\\%_]/g, '\\$&') };
}
