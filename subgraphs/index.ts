import type { App } from '../kernel/subgraph/app.ts';
import { analytics } from './analytics/index.ts';
import { coordination } from './coordination/index.ts';
import { crm } from './crm/index.ts';
import { documents } from './documents/index.ts';
import { security } from './security/index.ts';
import { users } from './users/index.ts';

/** The apps of the suite. */
export const apps: readonly App[] = [users, analytics, documents, crm, security, coordination];
