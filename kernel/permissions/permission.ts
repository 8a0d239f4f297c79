/** What a principal may do: `operation:resource` (`read:leads`), every resource of an operation (`read:*`), or all (`*`). */
export type Permission = string;

const permissionPattern = /^(\*|[a-z][a-z-]{0,31}:(\*|[a-z][a-z-]{0,31}))$/;

/** Tells whether a text has the form of a permission: lower-case letters and hyphens, at most 32 on each side. */
export function isPermission(text: string): text is Permission {
  return permissionPattern.test(text);
}

/**
 * Tells whether what was granted covers a permission that is needed, by the rule of the platform's permission matrix: the
 * permission itself, its operation with `*` for the resource, or `*`. Nothing else is a pattern: `*:leads` grants nothing.
 */
export function grants(granted: readonly Permission[], needed: Permission): boolean {
  const everyResource = `${needed.slice(0, needed.indexOf(':'))}:*`;
  return granted.some((one) => one === needed || one === everyResource || one === '*');
}
