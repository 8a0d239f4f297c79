import type { Config } from 'jest';

/** Tests are ES modules in TypeScript: SWC strips the types, Node runs the modules (see the `test` script for the flag). */
const config: Config = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  // A package of its own, with the name of this one; nothing here imports it by its path.
  modulePathIgnorePatterns: ['<rootDir>/generated/sdk/'],
  testTimeout: 30_000,
  maxWorkers: '100%',
  // Modules that Node has loaded for a test file are not let go: a worker is replaced when it has grown.
  workerIdleMemoryLimit: '1GB',
};

export default config;
