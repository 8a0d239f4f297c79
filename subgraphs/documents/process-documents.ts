import { z } from 'zod';
import type { ProcessDocumentsInput } from '../../generated/graphql/documents.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import { documentChange } from './changes.ts';
import type { DocumentsContext } from './loaders.ts';
import { processText } from './processing.ts';
import { takeUnprocessed } from './store/onboarding.ts';
import { beginProcessing, changeDocument } from './store.ts';

const processDocumentsInput = z.object({
  limit: z.int().min(1, 'Process at least 1.').max(1_000, 'Process at most 1,000.'),
});

/** What was processed, and how long that took in milliseconds. */
export interface ProcessedDocuments {
  readonly processedCount: number;
  readonly failedCount: number;
  readonly processingTime: number;
}

/** Processes documents that wait for it. */
export async function processDocuments(
  context: DocumentsContext,
  input: ProcessDocumentsInput,
): Promise<CommandResult<ProcessedDocuments>> {
  const parsed = parseInput(processDocumentsInput, input);
  if (!parsed.ok) return parsed;
  const { limit } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const startedAt = performance.now();
    let failedCount = 0;
    const ids = await takeUnprocessed(tx, limit);
    for (const id of ids) {
      const begun = await beginProcessing(tx, id);
      const document = begun && (await changeDocument(tx, id, undefined, processText(begun.text)));
      if (!document) continue;
      const isFailed = document.status === 'FAILED';
      if (isFailed) failedCount += 1;
      publish(documentChange(isFailed ? 'DOCUMENT_PROCESSING_FAILED' : 'DOCUMENT_PROCESSED', document));
    }
    const processingTime = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
    const processed = { processedCount: ids.length - failedCount, failedCount, processingTime };
    return ids.length > 0 ? done(processed) : unchanged(processed);
  });
}
