import { randomUUID } from 'node:crypto';
import { openNotifyChannel } from '../data/notify-channel.ts';
import { isTenantId, type TenantId } from '../tenancy/ids.ts';

/**
 * Tells the processes on one database which tenants have changed, so that nobody has to ask all the time. Hints may be
 * lost, come twice or be made up: whoever gets one looks into the log, and looks there once a second without any.
 */
export interface Hints {
  /** Tells the others; not this process. Never throws. */
  tell(tenantId: TenantId): void;
  /** Begins to listen; called once. Never throws: what cannot be reached is tried again. */
  listen(onHint: (tenantId: TenantId) => void): void;
  stop(): Promise<void>;
}

/** What carries hints: short texts to all processes, which may be lost. */
export interface HintCarrier {
  /** At most `mostBytes`. */
  send(text: string): Promise<void>;
  listen(onText: (text: string) => void): void;
  stop(): Promise<void>;
}

/** For how long hints are collected before they go out together, in milliseconds. */
const collectMs = 5;
/** Less than Postgres takes in one NOTIFY. */
const mostBytes = 7_000;

/** The texts that name tenants, each no longer than a carrier takes: who sends, then the tenants. */
function* textsOf(sender: string, tenants: Iterable<TenantId>): Generator<string> {
  let text = sender;
  for (const tenant of tenants) {
    if (text.length + tenant.length >= mostBytes) {
      yield text;
      text = sender;
    }
    text += ` ${tenant}`;
  }
  yield text;
}

/** Sends hints by a carrier, each tenant at most once in a few milliseconds. */
export function createHints(carrier: HintCarrier, onFailure: (error: unknown) => void): Hints {
  const self = randomUUID();
  let changed = new Set<TenantId>();
  let timer: NodeJS.Timeout | undefined;

  /** What changes while hints are under way goes out together after them. */
  async function send(): Promise<void> {
    while (changed.size > 0) {
      const tenants = changed;
      changed = new Set();
      for (const text of textsOf(self, tenants)) await carrier.send(text).catch(onFailure);
    }
    timer = undefined;
  }

  return {
    tell(tenantId) {
      changed.add(tenantId);
      timer ??= setTimeout(send, collectMs).unref();
    },
    listen(onHint) {
      carrier.listen((text) => {
        const [sender, ...tenants] = text.split(' ');
        if (sender === self) return;
        for (const tenant of tenants) if (isTenantId(tenant)) onHint(tenant);
      });
    },
    async stop() {
      clearTimeout(timer);
      await carrier.stop();
    },
  };
}

/** Carries hints by the database itself. */
export function openPostgresHints(databaseUrl: string, onFailure: (error: unknown) => void): Hints {
  return createHints(openNotifyChannel({ databaseUrl, channel: 'panorama_changes', onFailure }), onFailure);
}
