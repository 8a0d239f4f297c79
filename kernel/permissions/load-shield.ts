import { createRequire } from 'node:module';
import type * as GraphqlShield from 'graphql-shield';

const require = createRequire(import.meta.url);

// graphql-shield 7.6.5 calls `util.isUndefined`, which Node 23 removed. Its ES modules import it by name and do not load at
// all; its CommonJS build looks it up on each call of `chain` and `race`, so giving it back before the first is enough.
const util = require('node:util') as { isUndefined?: (value: unknown) => boolean };
util.isUndefined ??= (value) => value === undefined;

/** graphql-shield, in a form that works on the Node versions of today. Import it from here only. */
export const { shield, rule, chain, and, or, race, not, allow, deny } =
  require('graphql-shield') as typeof GraphqlShield;
