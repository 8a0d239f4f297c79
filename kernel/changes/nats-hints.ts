import { createHmac } from 'node:crypto';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { deriveKey } from '../tenancy/derive-key.ts';
import { createHints, type HintCarrier, type Hints } from './hints.ts';

export interface NatsHintsOptions {
  /** `nats://host:4222` or `tls://...`, with user and password or a token before the host where one is needed. */
  readonly url: string;
  /** The platform's secret: those who share it hear each other, and no other platform on the same server. */
  readonly secret: string;
  readonly onFailure: (error: unknown) => void;
}

function connectionOptions(text: string) {
  const url = new URL(text);
  const user = decodeURIComponent(url.username);
  const pass = decodeURIComponent(url.password);
  const who = pass !== '' ? { user, pass } : user !== '' ? { token: user } : {};
  return { servers: url.host, ...who, ...(url.protocol === 'tls:' && { tls: {} }) };
}

/** How long a server may take to let us in, and how long until it is asked again, in milliseconds. */
const patienceMs = 2_000;
const retryMs = 1_000;

/** Core messages only: a hint that nobody hears is worth nothing later. */
function openNatsCarrier({ url, secret, onFailure }: NatsHintsOptions): HintCarrier {
  const id = createHmac('sha256', deriveKey(secret, 'hint-subject')).update('changes').digest('hex').slice(0, 24);
  const subject = `panorama.${id}.changes`;
  const options = { ...connectionOptions(url), name: 'panorama-hints', timeout: patienceMs };
  let connecting: Promise<NatsConnection> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;

  /** Once it is made, a connection mends itself, for ever. */
  function open(): Promise<NatsConnection> {
    connecting ??= connect({ ...options, maxReconnectAttempts: -1, reconnectTimeWait: retryMs }).catch((error) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  }

  async function subscribe(onText: (text: string) => void): Promise<void> {
    if (isStopped) return;
    const callback = (error: unknown, message: { string(): string }) =>
      error ? onFailure(error) : onText(message.string());
    try {
      (await open()).subscribe(subject, { callback });
    } catch (error) {
      onFailure(error);
      retry = setTimeout(() => subscribe(onText), retryMs).unref();
    }
  }

  return {
    async send(text) {
      if (!isStopped) (await open()).publish(subject, text);
    },
    listen(onText) {
      subscribe(onText);
    },
    async stop() {
      isStopped = true;
      clearTimeout(retry);
      await (await connecting?.catch(() => undefined))?.close();
    },
  };
}

/** Carries hints by a NATS server. */
export function openNatsHints(options: NatsHintsOptions): Hints {
  return createHints(openNatsCarrier(options), options.onFailure);
}
