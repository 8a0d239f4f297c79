import { readFile, writeFile } from 'node:fs/promises';

/** What a generated client does to get the compiler of its queries; the module it names holds that as base64 text. */
const reading = /const \{ wasm \} = await import\("([^"]+)"\)\s+return await decodeBase64AsWasm\(wasm\)/;

const readingFile = `const { readFile } = await import('node:fs/promises')
    return new WebAssembly.Module(await readFile(new URL('../../query-compiler.wasm', import.meta.url)))`;

/**
 * Lets generated Prisma clients read the compiler of their queries from one file beside them. As text in a module it is
 * 4.6 MB that a process holds twice for as long as it lives, and needs once.
 *
 * @param directory Of the clients: a URL that ends with a slash.
 * @throws When a client gets its compiler in another way: another version of Prisma may need nothing of this.
 */
export async function unpackQueryCompiler(directory: URL, apps: readonly string[]): Promise<void> {
  for (const app of apps) {
    const file = new URL(`${app}/internal/class.ts`, directory);
    const source = await readFile(file, 'utf8');
    const module = reading.exec(source)?.[1];
    if (module === undefined) throw new Error(`The Prisma client of ${app} does not read its compiler as expected.`);
    const { wasm } = (await import(module)) as { wasm: string };
    await writeFile(new URL('query-compiler.wasm', directory), Buffer.from(wasm, 'base64'));
    await writeFile(file, source.replace(reading, readingFile));
  }
}
