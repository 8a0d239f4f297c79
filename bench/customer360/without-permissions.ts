import { registerHooks } from 'node:module';

/**
 * Loaded before the platform, this makes it one that checks no permission: the gateway refuses nothing, and the
 * subgraphs guard no field. The bench compares it with the real one, which has no such switch.
 */
const replaced = new Map(
  Object.entries({
    '../../kernel/permissions/guard-schema.ts': 'export const guardSchema = (schema) => schema;',
    '../../gateway/admission/authorize.ts': [
      'export const verdictOn = () => undefined;',
      'export const authorizeOperation = () => undefined;',
      'export const refuseUnlessWhole = () => undefined;',
    ].join('\n'),
  }).map(([path, source]) => [new URL(path, import.meta.url).href, source]),
);

registerHooks({
  load(url, context, nextLoad) {
    const source = replaced.get(url);
    return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
  },
});
