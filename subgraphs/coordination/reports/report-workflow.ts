import { z } from 'zod';
import { makeTimeRange, type TimeRange } from '../../../kernel/data/time-range.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { completeReport, findReportsById, keepPage, removePages } from '../store/reports.ts';
import { defineWorkflow, type StepContext } from '../workflows/definition.ts';
import { reportCompletion } from './changes.ts';
import type { Row } from './render-report.ts';
import { kindNames, reportKinds } from './report-kinds.ts';

/** What a report holds at most. */
const most = { rows: 10_000, bytes: 4 * 1024 * 1024 } as const;

const reportInput = z.object({
  kind: z.enum(kindNames),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  timeZone: z.string(),
});

type ReportInput = z.infer<typeof reportInput>;

const rangeOf = ({ from, to, timeZone }: ReportInput): TimeRange =>
  makeTimeRange({ from: new Date(from), to: new Date(to), timeZone });

/** Reads the rows from the apps and keeps them, page by page. Done anew, it begins with no rows. */
async function gather(context: StepContext<ReportInput>) {
  const { run, input, ask, write, signal } = context;
  await write((tx) => removePages(tx, run.id));
  let rowCount = 0;
  let bytes = 0;
  let page = 0;
  let isTruncated = false;
  for await (const rows of reportKinds[input.kind].gather(ask, rangeOf(input))) {
    signal.throwIfAborted();
    const kept: Row[] = [];
    for (const row of rows) {
      bytes += Buffer.byteLength(JSON.stringify(row));
      isTruncated ||= rowCount + kept.length === most.rows || bytes > most.bytes;
      if (isTruncated) break;
      kept.push(row);
    }
    rowCount += kept.length;
    await write((tx) => keepPage(tx, run.id, page, JSON.stringify(kept)));
    if (isTruncated) break;
    page += 1;
  }
  return { rowCount, isTruncated };
}

/** Notes that the report is complete, and tells it. */
async function complete({ run, results, write }: StepContext<ReportInput>) {
  const { rowCount, isTruncated } = results.gather as Awaited<ReturnType<typeof gather>>;
  await write(async (tx, publish) => {
    const report = await completeReport(tx, run.id, { rowCount, isTruncated });
    if (!report) return await refuseMissing(await findReportsById(tx, [run.id]));
    publish(reportCompletion(report));
  });
  return { rowCount };
}

/** A report may be removed while it is made: it has had its time, or newer ones took its place. */
function refuseMissing(reports: readonly unknown[]): void {
  if (reports.length === 0) throw new PanoramaError('NOT_FOUND', 'The report is not there any more.');
}

/** How a report is made. Its id is that of the run. */
export const reportWorkflow = defineWorkflow<ReportInput>({
  name: 'report',
  // Each kind uses those that its own needs name, and whoever requested the report holds them.
  permissions: [...new Set(Object.values(reportKinds).flatMap(({ needs }) => needs))],
  input: reportInput,
  steps: [
    { name: 'gather', run: gather, timeoutMs: 120_000 },
    { name: 'complete', run: complete },
  ],
  result: ({ gather: gathered }) => ({ ...gathered }),
});
