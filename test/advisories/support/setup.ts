import mongoose from 'mongoose';

// Imported before anything else: what the functions read when they are imported is set here.
process.env.CALLS_PER_MINUTE ??= '1000000';
process.env.CORS_ORIGINS = 'https://app.example.com,https://studio.example.com';

// The driver tells of its commands only when it was asked to before it connected.
const connect = mongoose.connect.bind(mongoose);
mongoose.connect = (uri, options) => connect(uri, { ...options, monitorCommands: true });
