// Imported first of all: whoever confirms an address gets so many credits in this test file.
process.env.WELCOME_CREDITS = '25';
