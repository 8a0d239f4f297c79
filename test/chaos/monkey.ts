import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from './site.ts';

/** How often something was killed. */
export interface Kills {
  readonly gateways: number;
  readonly apps: number;
  readonly database: number;
}

export interface MonkeyOptions {
  /** What is enough; undefined goes on until it is stopped. */
  readonly wanted: Kills | undefined;
  /**
   * Counts what has been achieved. Something is killed only when there was some since the last time: on a machine that is
   * so busy that processes take long to come back, everything would else be down all the time, and nothing happen.
   */
  readonly progress: () => number;
  readonly random: () => number;
}

/** Whoever kills. */
export interface Monkey {
  kills(): Kills;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export const isEnough = (done: Kills, wanted: Kills) =>
  done.gateways >= wanted.gateways && done.apps >= wanted.apps && done.database >= wanted.database;

/** In which rounds of how many an app is killed, and a backend of the database: after that, nobody has a connection. */
const appRound = { which: 5, of: 8 };
const databaseRound = { which: 9, of: 24 };

const isTurn = ({ which, of }: typeof appRound, round: number) => round % of === which;

/** Kills gateways about twice a second, and now and then an app or what works in the database for one. */
export function startMonkey({ gateways, apps, ground }: Site, { wanted, progress, random }: MonkeyOptions): Monkey {
  const failure = Promise.withResolvers<never>();
  const choose = (count: number) => Math.floor(random() * count);
  let isStopped = false;
  let database = 0;
  const kills = (): Kills => ({
    gateways: gateways.killed,
    apps: apps.reduce((sum, one) => sum + one.killed, 0),
    database,
  });

  function whenThereWasProgress(): () => boolean {
    let last = progress();
    return () => {
      const now = progress();
      const isMore = now > last;
      if (isMore) last = now;
      return isMore;
    };
  }

  async function work(): Promise<void> {
    const mayKillGateway = whenThereWasProgress();
    const mayKillMore = whenThereWasProgress();
    for (let round = 1; !isStopped && !(wanted && isEnough(kills(), wanted)); round += 1) {
      await sleep(250 + random() * 500);
      // One is left: where nobody serves for long, nothing happens that could go wrong.
      if (gateways.serving > 1 && mayKillGateway()) gateways.killOne(choose);
      if (isTurn(appRound, round) && apps.every(({ serving }) => serving > 0) && mayKillMore()) {
        apps[choose(apps.length)]?.killOne(choose);
      }
      if (isTurn(databaseRound, round) && mayKillMore() && (await ground.killBackend())) database += 1;
    }
  }

  const working = work().catch(failure.reject);
  return {
    kills,
    failed: failure.promise,
    async stop() {
      isStopped = true;
      await working;
    },
  };
}
