const appNamePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** Tells whether a text has the form of a client app's id: a lower-case letter, then up to 62 of those, digits and hyphens. */
export function isAppName(text: string): boolean {
  return appNamePattern.test(text);
}
