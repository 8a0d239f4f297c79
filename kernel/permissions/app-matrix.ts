import type { Permission } from './permission.ts';

/** What the platform's permission matrix gives to each of its client apps, by the id of the app. */
export const appMatrix = {
  'flow-web': ['read:leads', 'write:leads', 'read:activities'],
  'crm-web': ['read:contacts', 'write:contacts', 'read:deals'],
  'voice-agent': ['execute:voice', 'read:leads', 'write:activities'],
  'inbox-ai': ['read:contacts', 'write:contacts', 'sync:emails'],
  'secure-platform': ['read:security', 'write:incidents', 'read:compliance'],
  'business-dashboard': ['read:metrics', 'read:analytics'],
} as const satisfies Readonly<Record<string, readonly Permission[]>>;

/** What the matrix gives to an app; undefined for one that is not in it. */
export function matrixPermissions(app: string): readonly Permission[] | undefined {
  return Object.hasOwn(appMatrix, app) ? appMatrix[app as keyof typeof appMatrix] : undefined;
}
