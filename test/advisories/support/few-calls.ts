// Imported first where the limit itself is tried: a thousand calls reach it sooner than a million.
process.env.CALLS_PER_MINUTE = '1500';
