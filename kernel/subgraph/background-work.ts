import type { ChangeFeed } from '../changes/feed.ts';
import type { SealKeys } from '../changes/sealing/seal-keys.ts';
import type { PrismaClientLike, TenantDatabase } from '../data/tenant-database.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CallApp } from './call-app.ts';

/** The ways out of the platform. */
export interface Outlets {
  /** Where e-mail is handed in (`smtp:` or `smtps:`), and who it is from; undefined where none is sent. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  /** Whether what tenants name may lead to addresses that are not public. */
  readonly allowsPrivateAddresses: boolean;
}

/** Out of the platform goes nothing but what is posted to public addresses. */
export const publicOutlets: Outlets = Object.freeze({ mail: undefined, allowsPrivateAddresses: false });

/** What an app does by itself, beside answering calls. */
export interface BackgroundWork {
  /** Lets what is under way come to an end, or to a place from which it goes on later. */
  stop(): Promise<void>;
}

/** What an app works with that no request has asked for. */
export interface BackgroundParts<Client extends PrismaClientLike> {
  readonly database: TenantDatabase<Client>;
  readonly feed: ChangeFeed;
  readonly callApp: CallApp;
  readonly logger: Logger;
  /** With which the personal data of its changes are sealed. */
  readonly sealKeys: SealKeys;
  /** The platform's, from which keys are derived. */
  readonly secret: string;
  readonly outlets: Outlets;
  /** Connection string of the role of the app's library; undefined where the app is to do nothing by itself. */
  readonly engineUrl: string | undefined;
}
