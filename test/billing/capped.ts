// Imported first of all: what this test file sets, before the configuration is read.
process.env.CREDITS_PER_HOUR = '1000';
process.env.WELCOME_CREDITS = '25';
