import { describe, expect, test } from '@jest/globals';
import { readSourceFiles, type SourceFile } from '../support/source-files.ts';

const files = readSourceFiles();

/** The arrows that a rule forbids, as `file -> import`. */
function forbidden(applies: (file: SourceFile) => boolean, isForbidden: (target: string, file: SourceFile) => boolean) {
  return files
    .filter(applies)
    .flatMap((file) =>
      file.imports.filter((target) => isForbidden(target, file)).map((target) => `${file.path} -> ${target}`),
    );
}

const within = (room: string) => (file: SourceFile) => file.path.startsWith(`${room}/`);
const ours = /^(cli|gateway|subgraphs|kernel|clients|bench|test|generated)\//;
const appOf = (path: string) =>
  /^(?:subgraphs|generated\/graphql|generated\/prisma|prisma)\/([a-z]+)(?:[/.])/.exec(path)?.[1];

describe('the arrows of the house', () => {
  test('the kernel imports nothing of ours', () => {
    expect(forbidden(within('kernel'), (target) => ours.test(target) && !target.startsWith('kernel/'))).toEqual([]);
  });

  test('the gateway imports the kernel and itself only', () => {
    const allowed = /^(gateway|kernel)\//;
    expect(forbidden(within('gateway'), (target) => ours.test(target) && !allowed.test(target))).toEqual([]);
  });

  test('an app imports the kernel, itself and what is generated for it only', () => {
    const isApp = (file: SourceFile) => within('subgraphs')(file) && file.path !== 'subgraphs/index.ts';
    const crosses = (target: string, file: SourceFile) =>
      ours.test(target) && !target.startsWith('kernel/') && appOf(target) !== appOf(file.path);
    expect(forbidden(isApp, crosses)).toEqual([]);
  });

  test('the gateway never reaches an app and an app never reaches the gateway', () => {
    expect(forbidden(within('gateway'), (target) => target.startsWith('subgraphs/'))).toEqual([]);
    expect(forbidden(within('subgraphs'), (target) => target.startsWith('gateway/'))).toEqual([]);
  });

  test('a client imports nothing of the server', () => {
    expect(forbidden(within('clients'), (target) => ours.test(target) && !target.startsWith('clients/'))).toEqual([]);
  });

  test('only the command line and tests know both the gateway and the apps', () => {
    const knowsBoth = files
      .filter((file) => file.imports.some((target) => target.startsWith('gateway/')))
      .filter((file) => file.imports.some((target) => target.startsWith('subgraphs/')))
      .filter((file) => !/^(cli|test|bench)\//.test(file.path));
    expect(knowsBoth.map((file) => file.path)).toEqual([]);
  });

  test("only the store of an app uses its Prisma client; others may name the client's type or make one", () => {
    const queries = /\b(?:client|tx\.client|prisma)\.\w+\.(?:find|create|update|upsert|delete|count|aggregate|groupBy)/;
    const raw = /\$(?:query|execute)Raw/;
    const reaching = files.filter(within('subgraphs')).filter(({ path, text }) => {
      const isStore = /\/store(\/[a-z-]+)?\.ts$/.test(path) || path.endsWith('/demo.ts');
      return !isStore && (queries.test(text) || raw.test(text));
    });
    expect(reaching.map((file) => file.path)).toEqual([]);
  });

  test('only the settings read the environment of the process', () => {
    const readers = files.filter(
      ({ path, text }) => /process\.env\b/.test(text) && !/^(kernel\/config|test|bench|cli\/generate)\//.test(path),
    );
    expect(readers.map((file) => file.path)).toEqual([]);
  });

  test('only authenticators make principals', () => {
    const makers = files.filter(
      ({ path, text }) =>
        /\bcreatePrincipal\(/.test(text) && !path.startsWith('test/') && path !== 'kernel/tenancy/principal.ts',
    );
    expect(makers.map((file) => file.path).sort()).toEqual([
      'gateway/admission/identity.ts',
      'kernel/tenancy/service-principal.ts',
      'kernel/tenancy/subgraph-token.ts',
      'subgraphs/users/authenticate.ts',
    ]);
  });

  test('a library that a rule depends on is loaded in one place', () => {
    const homes: Readonly<Record<string, RegExp>> = {
      '@dbos-inc/dbos-sdk': /^subgraphs\/coordination\/workflows\/dbos\.ts$/,
      '@apollo/query-planner': /^gateway\/(supergraph|plan)\//,
      '@apollo/composition': /^gateway\/supergraph\//,
      '@apollo/server': /^gateway\/server\//,
      '@apollo/subgraph': /^kernel\/subgraph\//,
      '@nats-io/transport-node': /^kernel\/changes\//,
      '@prisma/adapter-pg': /^kernel\/data\//,
      ajv: /^kernel\/changes\//,
      'graphql-shield': /^kernel\/permissions\/load-shield\.ts$/,
      nodemailer: /^subgraphs\/coordination\/notifications\/send-email\.ts$/,
      jose: /^gateway\/admission\//,
      pg: /^kernel\/data\//,
      pino: /^kernel\/telemetry\//,
    };
    const strays = files
      .filter((file) => !/^(test|bench)\//.test(file.path))
      .flatMap((file) =>
        file.imports
          .filter((target) => homes[target]?.test(file.path) === false)
          .map((target) => `${file.path} -> ${target}`),
      );
    expect(strays).toEqual([]);
  });
});
