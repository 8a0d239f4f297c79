import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the project. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file of ours, by its path from the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** What it imports, as paths from the root for files of ours and as package names for others. */
  readonly imports: readonly string[];
}

const rooms = ['cli', 'gateway', 'subgraphs', 'kernel', 'clients', 'bench', 'test'];
const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function readImports(path: string, text: string): string[] {
  return Array.from(text.matchAll(importPattern), ([, from, effect, dynamic]) => {
    const specifier = from ?? effect ?? dynamic ?? '';
    return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;
  });
}

/** All TypeScript files of ours, generated ones left out. */
export function readSourceFiles(): SourceFile[] {
  return rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
      .map((entry) => {
        const path = relative(root, join(entry.parentPath, entry.name));
        const text = readFileSync(join(root, path), 'utf8');
        return { path, text, imports: readImports(path, text) };
      }),
  );
}
