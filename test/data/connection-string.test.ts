import { expect, test } from 'vitest';
import {
  buildUserUri,
  parseConnectionString,
  withDatabase,
  withoutDatabase,
} from '../../src/data/connection-string.ts';

test.each([
  ['mongodb://h:1', 'mongodb://h:1/db'],
  ['mongodb://h:1/?directConnection=true', 'mongodb://h:1/db?directConnection=true'],
  ['mongodb://a:1,b:2,c:3?replicaSet=rs', 'mongodb://a:1,b:2,c:3/db?replicaSet=rs'],
  ['mongodb+srv://u:p@h/own?w=majority', 'mongodb+srv://u:p@h/own?w=majority'],
])('%s with a database is %s', (uri, expected) => {
  expect(withDatabase(uri, 'db')).toBe(expected);
});

test('a database is taken off, and all else stays', () => {
  const uri = 'mongodb://u:p@a:1,b:2/own?authSource=admin';
  expect(withoutDatabase(uri)).toBe('mongodb://u:p@a:1,b:2/?authSource=admin');
});

test('one user takes the place of another, whatever is in his password', () => {
  const uri = 'mongodb://root:secret@a:1,b:2/x?authSource=admin&authMechanism=SCRAM-SHA-1&w=1';
  const user = { database: 'db', user: 'functions', password: 'p@ss/w?rd' };
  expect(buildUserUri(uri, user)).toBe(
    'mongodb://functions:p%40ss%2Fw%3Frd@a:1,b:2/db?authSource=db&w=1',
  );
});

test.each(['', 'http://h/db', 'mongodb://', 'mongodb:///db', 'mongodb://u:p@/db'])(
  '%s is no connection string, and is not shown',
  (uri) => {
    expect(parseConnectionString(uri)).toBeNull();
    expect(() => withDatabase(uri, 'db')).toThrow(
      /^MONGODB_URI is not a MongoDB connection string\.$/,
    );
  },
);
