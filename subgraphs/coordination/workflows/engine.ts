import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { type EngineDatabase, openEngineDatabase } from '../../../kernel/data/engine-slots.ts';
import type { BackgroundParts, BackgroundWork } from '../../../kernel/subgraph/background-work.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { findOpenRuns, type OpenRun } from '../store/workflows.ts';
import type { CoordinationClient } from '../store.ts';
import type { Workflows } from './definition.ts';
import { openRunDesk, type RunDesk, type RunHouse } from './run-desk.ts';
import { runWorkflow } from './run-workflow.ts';

type Library = typeof import('./dbos.ts');

/** One life of the engine, from its launch until it is stopped or has lost its place among the processes. */
interface Life {
  readonly library: Library;
  readonly database: EngineDatabase;
  readonly executor: string;
  readonly leaving: AbortController;
}

/** How often to look for what nobody has told of, in milliseconds: begun by handlers, or left by processes that ended. */
const lookMs = 1_000;
const poolSize = 6;
/** How many runs are under way in a process at once. */
const mostAtOnce = 24;
const failureLogMs = 10_000;
const drainMs = 5_000;
const forgetMs = 3_600_000;
const keepEndedMs = 24 * 3_600_000;
/**
 * Names a life of the engine. Another life of the same slot has another name: what is left of it is then told from what is
 * begun now.
 */
const executorOf = (slot: number) => `${slot}/${randomUUID()}`;
const slotOf = (executor: string) => Number(executor.slice(0, executor.indexOf('/')));

/** Whose engine this process has: the library knows one database at a time. */
let holder: WorkflowEngine | undefined;

class WorkflowEngine implements BackgroundWork {
  readonly #parts: BackgroundParts<CoordinationClient>;
  readonly #engineUrl: string;
  readonly #workflows: Workflows;
  /** The runs under way here, until they have ended or are parked. */
  readonly #active = new Map<string, PromiseWithResolvers<void>>();
  #life: Life | undefined;
  #ending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #isStopped = false;
  /** Runs work outside of any run: what is asked of the library within one counts as a part of that. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #failureLoggedAt = Number.NEGATIVE_INFINITY;
  #forgotAt = 0;

  constructor(parts: BackgroundParts<CoordinationClient>, engineUrl: string, workflows: Workflows) {
    this.#parts = parts;
    this.#engineUrl = engineUrl;
    this.#workflows = workflows;
    this.#plan();
  }

  /** Looks at once for what is to be begun. */
  poke(): void {
    if (this.#isStopped) return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#looking = this.#outside(() => this.#look())
      .catch((error: unknown) => this.#logFailure(error))
      .finally(() => {
        this.#looking = undefined;
        if (this.#lookAgain) {
          this.#lookAgain = false;
          this.poke();
        } else this.#plan();
      });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#leave();
  }

  #plan(): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => this.poke(), lookMs).unref();
  }

  async #look(): Promise<void> {
    await this.#ending;
    const { database } = this.#parts;
    const open = await database.lookUp({ workflow_runs: 'open' }, (tx) => findOpenRuns(tx, 2 * mostAtOnce));
    if (open.length === 0 && !this.#life) return;
    this.#life ??= await this.#launch();
    const life = this.#life;
    if (!life) return;
    for (const run of open.filter(({ status }) => status === 'PENDING')) {
      if (this.#active.size >= mostAtOnce || this.#isStopped) break;
      if (!this.#active.has(keyOf(run))) await life.library.begin(keyOf(run));
    }
    await this.#takeOver(life);
    await this.#forget(life);
  }

  /** Takes its place among the processes of the database, and takes up what was left there. */
  async #launch(): Promise<Life | undefined> {
    if (holder && holder !== this) return undefined; // the other one's database has to be left first
    holder = this;
    const leaving = new AbortController();
    const onLost = (error: Error) => {
      this.#logFailure(error);
      void this.#leave();
    };
    let database: EngineDatabase | undefined;
    try {
      const library = await import('./dbos.ts');
      database = await openEngineDatabase({ databaseUrl: this.#engineUrl, poolSize, onLost });
      const house: RunHouse = {
        ...this.#parts,
        workflows: this.#workflows,
        leaving: leaving.signal,
        onParked: (run) => this.#active.get(keyOf(run))?.resolve(),
      };
      const executor = executorOf(database.slot.number);
      await library.launch({
        database,
        databaseUrl: this.#engineUrl,
        executor,
        body: (key) => this.#run(house, library, key),
        logger: this.#parts.logger,
      });
      return { library, database, executor, leaving };
    } catch (error) {
      holder = undefined;
      await database?.stop();
      throw error;
    }
  }

  /** Ends this life of the engine: what can end soon does, the rest goes on elsewhere or in the next life. */
  #leave(): Promise<void> {
    const life = this.#life;
    if (life) {
      this.#life = undefined;
      this.#ending = this.#end(life).finally(() => {
        this.#ending = undefined;
      });
    }
    return this.#ending ?? Promise.resolve();
  }

  async #end({ leaving, library, database }: Life): Promise<void> {
    leaving.abort();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, drainMs);
    await Promise.race([Promise.all([...this.#active.values()].map(({ promise }) => promise)), late.promise]);
    clearTimeout(timer);
    await library.shutdown().catch((error: unknown) => this.#logFailure(error));
    await database.stop().catch((error: unknown) => this.#logFailure(error));
    this.#active.clear();
    holder = undefined;
  }

  /** Takes up what processes have left that are no more. */
  async #takeOver({ library, executor: own, database: { slot } }: Life): Promise<void> {
    for (const executor of (await library.busyExecutors()).filter((one) => one !== own)) {
      await slot.whileFree(slotOf(executor), async () => {
        const count = await library.takeOver(executor);
        if (count > 0) this.#parts.logger.info({ count }, 'Took over workflows of a process that has ended');
      });
    }
  }

  async #forget({ library }: Life): Promise<void> {
    if (Date.now() - this.#forgotAt < forgetMs) return;
    this.#forgotAt = Date.now();
    await library.forgetEnded(new Date(Date.now() - keepEndedMs), 1_000);
  }

  /** Runs what the library has begun or taken up, and notes that it is under way here for as long as it is. */
  async #run(house: RunHouse, library: Library, key: string): Promise<void> {
    const underWay = Promise.withResolvers<void>();
    this.#active.set(key, underWay);
    try {
      const desk = await openRunDesk(house, readKey(key));
      if (desk) await this.#runAt(desk, library);
    } finally {
      underWay.resolve();
      this.#active.delete(key);
      this.poke();
    }
  }

  async #runAt(desk: RunDesk, library: Library): Promise<void> {
    try {
      await runWorkflow(desk, library.durably);
    } catch (error) {
      await desk.untilStaying();
      desk.log(error, '');
      const message = 'The run could not go on: something failed on our side.';
      await desk.end({ status: 'FAILED', error: { code: 'INTERNAL', message } });
    }
  }

  #logFailure(error: unknown): void {
    if (this.#isStopped || performance.now() - this.#failureLoggedAt < failureLogMs) return;
    this.#failureLoggedAt = performance.now();
    this.#parts.logger.warn({ err: error }, 'Workflows cannot be run now: they wait until they can');
  }
}

/** Under which key the library knows one life of a run. */
function keyOf({ tenantId, id, attempt }: Pick<OpenRun, 'tenantId' | 'id' | 'attempt'>): string {
  return `${tenantId}/${attempt}/${id}`;
}

function readKey(key: string): OpenRun {
  const [tenant = '', attempt = '', ...id] = key.split('/');
  return { tenantId: parseTenantId(tenant), attempt: Number(attempt), id: id.join('/'), status: 'RUNNING' };
}

const engines = new WeakMap<object, WorkflowEngine>();

/** Runs what is begun in a database. Nothing is launched, and no memory taken, before there is something to run. */
export function startWorkflowEngine(parts: BackgroundParts<CoordinationClient>, workflows: Workflows): BackgroundWork {
  const { engineUrl, database } = parts;
  if (engineUrl === undefined) return { stop: async () => undefined };
  const engine = new WorkflowEngine(parts, engineUrl, workflows);
  engines.set(database, engine);
  return engine;
}

/** Has this process look at once for runs to begin, once those that were begun are committed. */
export function pokeWorkflows({ database }: { readonly database: object }): void {
  engines.get(database)?.poke();
}
