import { isCollection, parse, type Tags } from 'yaml';

// The short forms of CloudFormation: `!GetAtt A.Arn` means `{ Fn::GetAtt: A.Arn }`.
const shortForms = [
  ...['Ref', 'Condition'].map((name) => ({ name, long: name })),
  ...[
    ...['And', 'Base64', 'Cidr', 'Equals', 'FindInMap', 'GetAZs', 'GetAtt', 'If', 'ImportValue'],
    ...['Join', 'Not', 'Or', 'Select', 'Split', 'Sub', 'Transform'],
  ].map((name) => ({ name, long: `Fn::${name}` })),
];

const customTags: Tags = shortForms.flatMap(({ name, long }) => [
  { tag: `!${name}`, resolve: (text: string) => ({ [long]: text }) },
  ...(['seq', 'map'] as const).map((collection) => ({
    tag: `!${name}`,
    collection,
    resolve: (value: unknown) => ({ [long]: isCollection(value) ? value.toJSON() : value }),
  })),
]);

/** Parses YAML with the tags of CloudFormation. */
export function parseTemplate(text: string): unknown {
  return parse(text, { customTags, logLevel: 'error' });
}
