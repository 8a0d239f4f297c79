import { z } from 'zod';
import { nearestName } from './nearest-name.ts';
import { SettingError } from './setting-error.ts';

/** A map with exactly these keys, each of which may be left out. An unknown one is refused with the nearest known one. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  const describe = (name: string) => `There is no key "${name}". Did you mean "${nearestName(name, known)}"?`;
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys.map(describe).join(' ')} The keys are: ${known.join(', ')}.`
        : undefined,
  });
}

/** An http(s) URL. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'A URL that begins with http: or https: is expected.' });

/** A secret of which a key is made; shorter ones can be guessed. */
export const secretText = z.string().min(32, 'At least 32 characters that nobody can guess are expected.');

/** What is wrong with a file, each mistake with its place in it. Values are not told: one may be a secret. */
export function mistakesIn(file: string, what: string, { issues }: z.ZodError): SettingError {
  const mistakes = issues.map(({ path, message }) => `  ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
  return new SettingError(`${file} is not ${what}.\n${mistakes.join('\n')}`);
}
