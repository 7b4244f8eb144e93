import type { End } from '../../payments/support/world.ts';

/** The table of scenarios, with the state that each has ended in. */
export function writeEnds(ends: [string, End][], orders: number): string {
  const rows = ends.map(([name, end]) => {
    const [number = '', ...words] = name.split(' ');
    const cells = [number, words.join(' '), describeState(end), describeCredits(end), `${orders}`];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| # | what happens | ends as | credits | orders |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The document that shows the table. */
export function describeEnds(table: string): string {
  return `# Payments, in any order of events

Each scenario is played again and again by \`npm run test:campaign -- test/campaign/payments.test.ts\`: each event is sent
one to three times, late, in a random order, some before the call that caused it has returned, and handled by one or two
workers. In each order it ends as told here, and the ledger holds. \`WRITE_TABLE=1\` writes this page.

${table}
`;
}

function describeState({ status, error, refundedAmount = 0, ...more }: End): string {
  const { subscription, plan, payments, cards, topUp } = more;
  const parts = [
    status && `payment ${status}${error ? ` (\`${error}\`)` : ''}`,
    refundedAmount > 0 && `${refundedAmount} refunded`,
    subscription && `subscription ${subscription}, of ${plan}; payments: ${payments}`,
    cards && `cards: ${cards.join(', ') || 'none'}`,
    topUp && `top-up paused (\`${topUp}\`)`,
  ];
  return parts.filter(Boolean).join('; ');
}

function describeCredits({ balance, debt, isFrozen, purchases }: End): string {
  const parts = [
    `${balance}`,
    debt > 0 && `debt ${debt}`,
    isFrozen && 'frozen',
    `granted ${purchases} times`,
  ];
  return parts
    .filter(Boolean)
    .join(', ')
    .replace('granted 1 times', 'granted once')
    .replace('granted 0 times', 'granted never');
}
