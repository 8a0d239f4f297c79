import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { SettingError } from './setting-error.ts';

/** Reads a YAML file that holds a map; an empty file is an empty map. Throws `SettingError` for anything else. */
export function readYamlMap(file: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SettingError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SettingError(`${file} must be a map of settings.`);
  }
  return content as Readonly<Record<string, unknown>>;
}
