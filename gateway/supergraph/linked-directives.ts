import { FeatureUrl } from '@apollo/federation-internals';
import { type ConstDirectiveNode, type ConstValueNode, type DocumentNode, Kind } from 'graphql';
import { stringOf } from './join-directives.ts';
import { SupergraphError } from './supergraph-error.ts';

/** The features of supergraphs that say who may see what, or that a supergraph may mark so. */
const securityFeatures = new Set(['authenticated', 'requiresScopes', 'policy', 'context', 'inaccessible']);

const specifications = 'https://specs.apollo.dev';

/** A feature that a supergraph links to. */
interface LinkedFeature {
  readonly link: ConstDirectiveNode;
  readonly url: FeatureUrl;
}

/**
 * The names that a supergraph gives to the directive of a feature of the federation specifications: its own, that of
 * `as:`, or the one that it is imported under. None when the feature is not linked: a directive that is merely called
 * the same is something else.
 */
export function namesOfDirective(document: DocumentNode, feature: string): ReadonlySet<string> {
  const names = linkedFeaturesOf(document)
    .filter(({ url }) => url.identity === `${specifications}/${feature}`)
    .flatMap(({ link }) => [
      stringOf(link, 'as') ?? feature,
      `${stringOf(link, 'as') ?? feature}__${feature}`,
      ...importedNames(link, feature),
    ]);
  return new Set(names);
}

/**
 * Refuses a supergraph with a feature for SECURITY that is not enforced here: serving it would show what it hides.
 * Throws `SupergraphError`.
 */
export function refuseUnknownSecurity(document: DocumentNode): void {
  for (const { link, url } of linkedFeaturesOf(document)) {
    const isKnown =
      url.identity === `${specifications}/${url.name}` && securityFeatures.has(url.name) && url.version.major === 0;
    if (stringOf(link, 'for') === 'SECURITY' && !isKnown) {
      throw new SupergraphError(`The supergraph needs the security feature ${url}, which this gateway does not know.`);
    }
  }
}

/** All links of the schema, whatever the directive for links is called itself. */
function linkedFeaturesOf({ definitions }: DocumentNode): readonly LinkedFeature[] {
  return definitions.flatMap((definition) => {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) return [];
    return (definition.directives ?? []).flatMap((link) => {
      const url = FeatureUrl.maybeParse(stringOf(link, 'url') ?? stringOf(link, 'feature') ?? '');
      return url ? [{ link, url }] : [];
    });
  });
}

/** An import is `"@name"`, or `{name: "@name", as: "@other"}`. */
function importedNames(link: ConstDirectiveNode, feature: string): readonly string[] {
  const imports = link.arguments?.find(({ name }) => name.value === 'import')?.value;
  if (imports?.kind !== Kind.LIST) return [];
  return imports.values.flatMap((value) => {
    const name = value.kind === Kind.OBJECT ? textOf(value, 'name') : textOf(value);
    const alias = value.kind === Kind.OBJECT ? textOf(value, 'as') : undefined;
    return name === `@${feature}` ? [(alias ?? name).replace(/^@/, '')] : [];
  });
}

function textOf(value: ConstValueNode, key?: string): string | undefined {
  if (value.kind === Kind.STRING) return value.value;
  if (key === undefined || value.kind !== Kind.OBJECT) return undefined;
  const field = value.fields.find(({ name }) => name.value === key);
  return field && textOf(field.value);
}
