// Imported first of all: the plans of this test file, some of them paid for by the year.
process.env.SUBSCRIPTION_PLANS = JSON.stringify([
  { name: 'PRO', credits: 500, amounts: { EUR: 1900 } },
  { name: 'STUDIO', credits: 2000, amounts: { EUR: 5900 } },
  { name: 'PRO_YEAR', credits: 6000, interval: 'YEAR', amounts: { EUR: 19_000 } },
  { name: 'LABEL', credits: 30_000, amounts: { EUR: 50_000 } },
]);
process.env.PLANS = JSON.stringify({
  FREE: { renders: 3 },
  PRO: { renders: 50 },
  PRO_YEAR: { renders: 60 },
  STUDIO: { renders: 500 },
  LABEL: { renders: 5000 },
});
