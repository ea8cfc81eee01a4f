"""What the log keeps in audit's database: a schema of its own, which no rebuild of a timeline touches.

`leaves` are written in the transaction of a batch, the rest with a checkpoint. `tiles` of tree 0 are those
of the log of checkpoints. `chains` says where the records of a household end in each tree. Its `round`
rises each time that rows change, so that a keeper reads only those of later rounds than it knows.
"""

from common.shape import lacking
from common.topics import PARTITIONS, SERVICES, events_topic

CHECKPOINTS = 0  # the tree of the log of checkpoints

_TREES = ", ".join(
    f"({n * PARTITIONS + partition}, '{service}/{partition}', '{events_topic(service)}', {partition})"
    for n, service in enumerate(SERVICES)
    for partition in range(PARTITIONS)
)
DURABLE = f"""
create schema if not exists log;
create table if not exists log.trees (
    id        smallint generated always as identity primary key,
    name      text     not null unique, -- `<service>/<partition>`
    topic     text     not null,
    partition int      not null,
    next      bigint   not null default 0, -- the offset after the last record that was looked at
    size      bigint   not null default 0, -- leaves
    tiled     bigint   not null default 0, -- of which are in tiles and chains
    unique (topic, partition)
);
insert into log.trees (name, topic, partition)
    select name, topic, partition from (values {_TREES}) as wanted (n, name, topic, partition)
    where not exists (select from log.trees t where t.name = wanted.name) order by n;
create table if not exists log.leaves (
    tree  smallint not null,
    index bigint   not null,
    key   text     collate "C" not null, -- the household, or the stream where there is none
    hash  bytea    not null, -- of the event: the entry whose leaf hash is in the tree
    recorded_at timestamptz, -- of the event
    primary key (tree, index),
    unique (key, tree, hash)
);
{lacking("log.leaves", "recorded_at", "add column recorded_at timestamptz")}
create table if not exists log.tiles (
    tree   smallint not null,
    level  smallint not null,
    n      bigint   not null,
    hashes bytea    not null,
    primary key (tree, level, n)
);
create table if not exists log.chains (
    key   text     collate "C" not null,
    tree  smallint not null,
    count bigint   not null,
    head  bytea    not null,
    round bigint   not null,
    primary key (key, tree)
);
create index if not exists chains_by_round on log.chains (round);
create table if not exists log.checkpoints (
    size      bigint      primary key, -- of the log of checkpoints, this one included
    state     text        not null,
    note      text        not null,
    made_at   timestamptz not null,
    published bool        not null default false
);
create table if not exists log.cosignatures ( -- of witnesses, as lines of the note
    size bigint not null,
    name text   not null,
    line text   not null,
    primary key (size, name)
);
create table if not exists log.statements ( -- the last of each service, as it was signed
    service text        primary key,
    until   timestamptz not null,
    note    text        not null,
    at      bigint      not null -- its offset
);
create table if not exists log.stated ( -- what its root is over: where the streams of a household end
    service text not null,
    key     text collate "C" not null,
    entry   text not null,
    primary key (service, key)
);
create table if not exists log.meanings ( -- what was declared of each event type, as it is signed
    type  text collate "C" primary key, -- `<service>.<EventName>.v<major>`
    entry text not null
);
create table if not exists log.successions ( -- after `size` states, another key signs
    size bigint primary key,
    note text   not null
);
"""
