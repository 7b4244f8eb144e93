// Replaces node:http for mongodb, which asks nothing but the metadata service of a cloud by it: Node loads it then,
// and not at each start.
exports.get = (...args) => require('node:http').get(...args);
