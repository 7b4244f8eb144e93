// Imported first of all: what the plans of subscriptions allow in this test file.
process.env.PLANS = JSON.stringify({
  FREE: { renders: 3 },
  PRO: { renders: 50 },
  STUDIO: { renders: 500 },
});
