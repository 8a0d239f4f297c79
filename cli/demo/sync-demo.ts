import { fileURLToPath } from 'node:url';
import { createStaticPage, type StaticPage } from '../../gateway/server/static-page.ts';
import { demoKeys } from './tenants.ts';

/** Who works with the three apps of the page. */
const roles = ['Manager', 'Sales rep A', 'Sales rep B'];

/** The page on which three apps of one tenant stay in step, at `/demo/sync`. Its key is known to everyone. */
export function openSyncDemo(): Promise<StaticPage> {
  const [admin] = demoKeys;
  return createStaticPage({
    name: 'page of the three apps',
    path: '/demo/sync',
    directory: fileURLToPath(new URL('../../generated/sync-demo', import.meta.url)),
    config: {
      endpoint: '/graphql',
      apps: roles.map((role, index) => ({
        title: `App ${index + 1}`,
        role,
        key: admin?.key,
        app: admin?.allowedApps[0],
      })),
    },
  });
}
