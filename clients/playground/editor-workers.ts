import type { Environment } from 'monaco-editor';
import EditorWorker from 'monaco-editor/esm/vs/editor/editor.worker.js?worker';
import JsonWorker from 'monaco-editor/esm/vs/language/json/json.worker.js?worker';
import GraphqlWorker from 'monaco-graphql/esm/graphql.worker.js?worker';

const workers: Readonly<Record<string, new () => Worker>> = { json: JsonWorker, graphql: GraphqlWorker };

/** Tells the editor where its workers are: in this bundle. Without it, it would load them from elsewhere. */
export function provideEditorWorkers(): void {
  const environment: Environment = { getWorker: (_id, label) => new (workers[label] ?? EditorWorker)() };
  window.MonacoEnvironment = environment;
}
