export {
  type Client,
  type ClientEvents,
  type ClientOptions,
  createClient,
  type MutateOptions,
  type SubscribeOptions,
} from './client.ts';
export type { Credentials } from './credentials.ts';
export type { Operation } from './document.ts';
export { type ClientCode, type GraphqlError, OperationFailed } from './failure.ts';
export type { FeedAnswer } from './feed.ts';
export type { Answer, SendOptions } from './http.ts';
export { openIndexedDbStorage } from './indexed-db-storage.ts';
export type { Fields, LocalRecord, RefusedMutation } from './records.ts';
export { createMemoryStorage, type Json, type Storage } from './storage.ts';
export type { Sync } from './sync.ts';
