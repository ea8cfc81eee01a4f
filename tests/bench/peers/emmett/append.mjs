// Appends with an expected version, each call to a stream of its own; prints events a second.
// node append.mjs URL '{"writers": 32, "batch": 1, "count": 5000}' PAYLOAD
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';

const [url, wanted, payload] = process.argv.slice(2);
const { writers, batch, count } = JSON.parse(wanted);
const data = JSON.parse(payload);
const store = getPostgreSQLEventStore(url);

const append = () =>
  store.appendToStream(
    `facts-of-household-${randomUUID()}`,
    Array.from({ length: batch }, () => ({ type: 'DepartmentFactRecorded', data })),
    { expectedStreamVersion: STREAM_DOES_NOT_EXIST },
  );

await append(); // lays the tables
await Promise.all(Array.from({ length: writers }, append)); // opens the connections
let left = Math.ceil(count / batch);
const calls = left;
const started = performance.now();
await Promise.all(
  Array.from({ length: writers }, async () => {
    while (left-- > 0) await append();
  }),
);
console.log((calls * batch * 1000) / (performance.now() - started));
await store.close();
