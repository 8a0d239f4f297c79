#!/usr/bin/env node
import { SupergraphError } from '../gateway/supergraph/supergraph-error.ts';
import { SettingError } from '../kernel/config/setting-error.ts';
import { StartRefused } from '../kernel/data/start-refused.ts';
import { prepareV8 } from './prepare-v8.ts';
import { WorkerEnded } from './worker-ended.ts';

/** A command is loaded when it is called. It may give an exit code; without one it has done what it was asked. */
interface Command {
  readonly summary: string;
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands give nothing
  run(args: readonly string[]): Promise<number | void>;
}

const commands: Readonly<Record<string, Command>> = {
  start: {
    summary: 'start everything in one process  [--port N] [--data-dir DIR] [--config FILE] [--no-demo]',
    run: async (args) => (await import('./commands/start.ts')).start(args),
  },
  gateway: {
    summary:
      'serve any supergraph, without apps      --supergraph FILE|URL [--port N] [--host H] [--config FILE] [--workers N]',
    run: async (args) => (await import('./commands/gateway.ts')).gateway(args),
  },
  subgraph: {
    summary: 'serve one app, to gateways  APP [--port N] [--host H] [--data-dir DIR] [--config FILE]',
    run: async (args) => (await import('./commands/subgraph.ts')).subgraph(args),
  },
  compose: {
    summary: 'print the supergraph of the suite, or what it changes for clients of an old one  [--check FILE]',
    run: async (args) => (await import('./commands/compose.ts')).compose(args),
  },
  keys: {
    summary: 'make, list and revoke API keys   create|list|revoke --tenant T [--name N] [--app A] [--permission P] ...',
    run: async (args) => (await import('./commands/keys.ts')).keys(args),
  },
  events: {
    summary: 'what apps could not react to   dead|redrive|replay --app A --tenant T [--from CURSOR] [--data-dir DIR]',
    run: async (args) => (await import('./commands/events.ts')).events(args),
  },
  backup: {
    summary: 'write all that is held of a tenant into a file   --tenant T [--file F] [--data-dir DIR] [--config FILE]',
    run: async (args) => (await import('./commands/backup.ts')).backup(args),
  },
  restore: {
    summary: 'bring a tenant back from such a file   --tenant T --file F [--replace] [--data-dir DIR] [--config FILE]',
    run: async (args) => (await import('./commands/backup.ts')).restore(args),
  },
};

const usage = [
  'usage: panorama <command>',
  '',
  ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
  '',
].join('\n');

prepareV8();

/** Mistakes of the caller: their message is complete, a stack would only hide it. */
function isCallersMistake(error: unknown): error is Error {
  if ([SettingError, StartRefused, SupergraphError].some((kind) => error instanceof kind)) return true;
  const code = (error as NodeJS.ErrnoException).code;
  return code?.startsWith('ERR_PARSE_ARGS') === true || code === 'EADDRINUSE' || code === 'EACCES';
}

/** Runs a command. Exit codes: 0 done, 1 it failed, 2 it was called wrongly. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(usage);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    process.stderr.write(`There is no command "${name}".\n\n${usage}`);
    return 2;
  }
  try {
    return (await command.run(args)) ?? 0;
  } catch (error) {
    if (error instanceof WorkerEnded) return error.exitCode;
    if (!isCallersMistake(error)) throw error;
    process.stderr.write(`panorama ${name}: ${error.message}\n`);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
