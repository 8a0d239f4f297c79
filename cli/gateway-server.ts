import { dirname, resolve } from 'node:path';
import { createDocumentValidator } from '../gateway/admission/validate-document.ts';
import { connectSubgraphs, type SubgraphOptions } from '../gateway/connections/connect-subgraphs.ts';
import { createGateway, createGatewayPlans } from '../gateway/index.ts';
import type { PlanCache } from '../gateway/plan/plan-cache.ts';
import { type HotOperation, warmPlans } from '../gateway/plan/warm-plans.ts';
import type { Supergraph } from '../gateway/supergraph/supergraph.ts';
import { type SupergraphWatch, watchSupergraph } from '../gateway/supergraph/watch.ts';
import { readSupergraphFile } from '../gateway/supergraph/watch-file.ts';
import { readSupergraphUrl } from '../gateway/supergraph/watch-url.ts';
import { type GatewayConfig, readGatewayConfig } from '../kernel/config/gateway-config.ts';
import type { GatewaySettings } from '../kernel/config/settings.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';
import { readHotOperations } from './hot-operations.ts';

const subgraphDefaults = { forwardHeaders: [], timeoutMs: 10_000, maxAnswerBytes: 16 * 1024 * 1024 } as const;

/** What a gateway without apps is started with. */
export interface GatewayStart {
  /** Of the supergraph: a path or a URL. */
  readonly location: string;
  readonly settings: GatewaySettings;
  readonly config: GatewayConfig;
  /** What is planned before a version of the supergraph is served. */
  readonly hotOperations: readonly HotOperation[];
}

/** A gateway that serves. */
export interface GatewayServer {
  readonly port: number;
  readonly supergraphId: string;
  /** Lets the running requests end for at most so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** Reads the files that the settings name. Throws `SettingError` for what cannot be used in them. */
export function readGatewayStart(location: string, settings: GatewaySettings): GatewayStart {
  const { PANORAMA_CONFIG: file } = settings;
  const config = file === undefined ? {} : readGatewayConfig(resolve(file));
  const hotOperations =
    config.warmUp === undefined ? [] : readHotOperations(resolve(dirname(file ?? ''), config.warmUp));
  return { location, settings, config, hotOperations };
}

/** How a subgraph is reached: what the file says of it, then what it says of all, then the defaults. */
function subgraphOptions({ subgraphs = {}, everySubgraph }: GatewayConfig, name: string): SubgraphOptions {
  const own = Object.hasOwn(subgraphs, name) ? subgraphs[name] : undefined;
  return { ...subgraphDefaults, ...everySubgraph, ...own };
}

/** A subgraph that the file names and the supergraph does not have is a mistake, or one that is still to come. */
function warnOfStrangers({ subgraphs = {} }: GatewayConfig, supergraph: Supergraph, logger: Logger): void {
  const strangers = Object.keys(subgraphs).filter((name) => !supergraph.subgraphs.has(name));
  if (strangers.length > 0) logger.warn({ strangers }, 'The configuration names subgraphs that are not there');
}

function startWatch(
  { location, config }: GatewayStart,
  prepare: (supergraph: Supergraph) => Promise<void>,
  logger: Logger,
): Promise<SupergraphWatch> {
  const isUrl = /^https?:\/\//.test(location);
  const { intervalMs = isUrl ? 10_000 : 1_000, timeoutMs = 10_000 } = config.supergraph ?? {};
  return watchSupergraph({
    read: isUrl ? readSupergraphUrl({ url: location, timeoutMs }) : readSupergraphFile(resolve(location)),
    intervalMs,
    connect(supergraph) {
      warnOfStrangers(config, supergraph, logger);
      return connectSubgraphs(supergraph, (name) => subgraphOptions(config, name));
    },
    prepare,
    logger,
  });
}

/** Plans the hot operations of a start for a supergraph, and logs what came of it. */
function createWarmUp(
  { hotOperations: operations }: GatewayStart,
  plans: PlanCache,
  logger: Logger,
  signal: AbortSignal,
) {
  const validateDocument = createDocumentValidator({ suggestions: true });
  return async (supergraph: Supergraph) => {
    if (operations.length === 0) return;
    const began = performance.now();
    const options = { supergraph, operations, validateDocument, planOperation: plans, signal };
    const { planned, skipped } = await warmPlans(options);
    for (const one of skipped) logger.warn({ ...one, supergraph: supergraph.id }, 'An operation was not warmed up');
    const ms = Math.round(performance.now() - began);
    logger.info({ supergraph: supergraph.id, planned, skipped: skipped.length, ms }, 'The hot operations are planned');
  };
}

/**
 * Opens a gateway for a supergraph that is kept up to date; it listens when it is ready to answer. Rejects with
 * `SupergraphError`, or the system's error when the port is taken.
 *
 * @param stopping Ends a warm-up: who asks for the end of a process does not wait for its plans.
 */
export async function openGatewayServer(
  start: GatewayStart,
  logger: Logger,
  stopping: AbortSignal,
): Promise<GatewayServer> {
  const { settings, config } = start;
  const plans = createGatewayPlans();
  const watch = await startWatch(start, createWarmUp(start, plans, logger, stopping), logger);
  const introspection = settings.PANORAMA_INTROSPECTION ?? config.introspection ?? true;
  const reaches = [config.everySubgraph ?? {}, ...Object.values(config.subgraphs ?? {})];
  try {
    const gateway = await createGateway({
      current: watch.current,
      access: { kind: 'anonymous', introspection },
      suggestions: config.suggestions ?? introspection,
      ...(config.maxRequestBytes !== undefined && { maxBodyBytes: config.maxRequestBytes }),
      ...(config.deadlineMs !== undefined && { deadlineMs: config.deadlineMs }),
      forwardedHeaders: [...new Set(reaches.flatMap(({ forwardHeaders = [] }) => forwardHeaders))],
      planOperation: plans,
      health: [{ name: 'supergraph', critical: false, check: watch.check }],
      logger,
    });
    const server = await gateway.open({ port: settings.PORT, host: settings.HOST });
    const stop = async (graceMs: number) => {
      await server.drain(graceMs);
      await watch.stop();
    };
    return { port: server.port, supergraphId: watch.current().supergraph.id, stop };
  } catch (error) {
    await watch.stop();
    throw error;
  }
}
