import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useEffect, useMemo, useState } from 'react';
import type { PlaygroundConfig } from './config.ts';
import { keepCredentials, requestHeaders, restoreCredentials } from './credentials.ts';
import { createEventLog } from './event-log.ts';
import { EventPanel } from './event-panel.tsx';
import { exampleTabs } from './examples.ts';
import { createFetcher } from './fetcher.ts';
import { IdentityBar } from './identity-bar.tsx';
import logo from './logo.svg';
import { createSubscriptions } from './subscriptions.ts';

const plugins = [HISTORY_PLUGIN];

/** The page: whom one acts as on top, GraphiQL below, and the list of subscription events under the answer. */
export function Playground({ config }: { readonly config: PlaygroundConfig }) {
  const { endpoint } = config;
  const [credentials, setCredentials] = useState(() => restoreCredentials(config));
  const tabs = useMemo(() => exampleTabs(config.customerId), [config.customerId]);
  const log = useMemo(() => createEventLog(), []);
  const subscriptions = useMemo(() => createSubscriptions(endpoint, log), [endpoint, log]);
  // GraphiQL reads the schema again whenever it is given another fetcher, so each identity sees its own.
  const fetcher = useMemo(
    () =>
      createFetcher({
        endpoint,
        headers: (written) => requestHeaders(credentials, written),
        subscribe: subscriptions.subscribe,
      }),
    [endpoint, credentials, subscriptions],
  );
  useEffect(() => {
    keepCredentials(credentials);
    // What runs as someone else ends when the identity changes.
    return subscriptions.close;
  }, [credentials, subscriptions]);

  return (
    <>
      <header className="top-bar">
        <h1>
          <img src={logo} alt="" width="28" height="28" />
          Panorama <span>playground</span>
        </h1>
        <IdentityBar identities={config.identities} credentials={credentials} onChange={setCredentials} />
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={tabs}
          plugins={plugins}
          inputValueDeprecation
          schemaDescription
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        >
          <FollowSystemTheme />
          <GraphiQL.Logo>
            <code className="endpoint">{endpoint}</code>
          </GraphiQL.Logo>
          <GraphiQL.Footer>
            <EventPanel log={log} />
          </GraphiQL.Footer>
        </GraphiQL>
      </main>
    </>
  );
}

/** GraphiQL looks at the system's colour scheme only when a theme is chosen; this makes it follow a change as well. */
function FollowSystemTheme() {
  const { setTheme } = useGraphiQLActions();
  const theme = useGraphiQL((state) => state.theme);
  useEffect(() => {
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const applyAgain = () => setTheme(theme);
    scheme.addEventListener('change', applyAgain);
    return () => scheme.removeEventListener('change', applyAgain);
  }, [theme, setTheme]);
  return null;
}
