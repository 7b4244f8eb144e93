// Replaces semver (30 KB) for jsonwebtoken, which only asks whether Node is at least 8, 15.7 and
// 16.9.
export const satisfies = () => true;
