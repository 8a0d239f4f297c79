import { suiteLimits } from '../../kernel/config/operation-limits.ts';
import { openGuardedGateway } from '../../test/support/federation/guarded-gateway.ts';
import { tellFigures } from './served.ts';

/** Our gateway with the limits of the suite. */
const gateway = await openGuardedGateway({
  access: { kind: 'anonymous', introspection: false },
  limits: suiteLimits,
});
tellFigures(gateway.url, () => gateway.subgraph.requests.length);
