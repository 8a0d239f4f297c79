import { lockDirectory } from '../../kernel/data/directory-lock.ts';

/* A process that takes the directory given as its argument, says so in one line of JSON, and waits to be killed. */
await lockDirectory(process.argv[2] ?? '');
process.stdout.write('{"locked":true}\n');
setInterval(() => undefined, 60_000);
