// jsonwebtoken asks whether Node is at least 8, 15.7 and 16.9. It is 24; the package is 30 KB.
export const satisfies = () => true;
