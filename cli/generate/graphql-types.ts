import { readFile } from 'node:fs/promises';
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import * as typescriptResolvers from '@graphql-codegen/typescript-resolvers';
import { concatAST, parse } from 'graphql';

/** Where the sources of one app lie and where its types go. Paths are absolute. */
export interface AppSources {
  readonly name: string;
  readonly schemaFiles: readonly string[];
  /** The module that exports `<Name>Context` and the source types of `mappers`. */
  readonly contextModule: string;
  readonly mappers: Readonly<Record<string, string>>;
}

/** The resolver types of one app, as the text of a TypeScript module. */
export async function generateGraphqlTypes(app: AppSources): Promise<string> {
  const documents = await Promise.all(app.schemaFiles.map(async (file) => parse(await readFile(file, 'utf8'))));
  return await codegen({
    filename: `${app.name}.ts`,
    schema: concatAST(documents),
    documents: [],
    pluginMap: { typescript, typescriptResolvers },
    plugins: [{ typescript: {} }, { typescriptResolvers: {} }],
    config: {
      federation: true,
      useTypeImports: true,
      emitLegacyCommonJSImports: false,
      importExtension: '.ts',
      contextType: app.contextModule,
      mappers: app.mappers,
      enumType: 'string-literal',
      enumsAsTypes: true,
      skipTypename: true,
      avoidOptionals: { field: true, defaultValue: true },
      scalars: {
        ID: 'string',
        DateTime: { input: 'Date', output: 'Date' },
        JSON: 'unknown',
        MinorUnits: 'number',
        Cursor: 'string',
        federation__FieldSet: 'string',
      },
      maybeValue: 'T | null',
      inputMaybeValue: 'T | null | undefined',
    },
  });
}
