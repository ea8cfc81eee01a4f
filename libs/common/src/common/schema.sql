-- The durable tables of a service, the same in every database. Owned by `<service>_owner`; the
-- service's own role is granted, at the end, exactly what it needs. Idempotent: run at each deploy.

create schema if not exists es;

create table if not exists es.events (
    position        bigint generated always as identity primary key,
    stream          text        collate "C" not null,
    version         bigint      not null check (version >= 1),
    event_id        uuid        not null unique,
    type            text        not null,
    schema_version  smallint    not null,
    household_id    uuid,
    occurred_at     timestamptz not null,
    recorded_at     timestamptz not null,
    actor           text        not null, -- JSON of contracts.envelope.Actor
    region          text        not null check (region <> ''),
    policy_version  text,
    correlation_id  uuid        not null,
    causation_id    uuid,
    classification  text        not null,
    traceparent     text,
    data            bytea       not null, -- the exact JSON that was hashed
    prev_hash       bytea       not null check (length(prev_hash) = 32),
    hash            bytea       not null check (length(hash) = 32),
    unique (stream, version)
);

create or replace function es.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'es.events is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;

-- Fires for every role, the owner and a superuser included.
create or replace trigger events_append_only
    before update or delete or truncate on es.events
    for each statement execute function es.refuse_change();
-- `always`: also under session_replication_role = replica, which restores and replication use.
alter table es.events enable always trigger events_append_only;

-- For people with a SQL prompt: the payload as jsonb.
create or replace view es.readable as
    select position, stream, version, type, household_id, occurred_at, recorded_at,
           actor::jsonb as actor, region, policy_version, correlation_id, causation_id,
           convert_from(data, 'UTF8')::jsonb as data, encode(hash, 'hex') as hash
    from es.events;

-- A ticket is an event that is not yet on the topic. Late commits bring their tickets late. No
-- foreign key: the statement that inserts a ticket inserts its event, which nobody can delete.
create table if not exists es.outbox (
    position bigint primary key
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create table if not exists es.relay (
    id     smallint primary key default 1 check (id = 1),
    epoch  bigint not null default 0,
    holder text
);
alter table es.relay add column if not exists seen timestamptz; -- the leader's last sign of life
alter table es.relay add column if not exists stated timestamptz; -- when all events were last stated
insert into es.relay default values on conflict do nothing;

create table if not exists es.idempotency (
    client      text        not null,
    key         text        not null,
    fingerprint bytea       not null,
    status      smallint    not null,
    answer      bytea       not null,
    created_at  timestamptz not null default clock_timestamp(),
    primary key (client, key)
);

-- The consumer's own place in each partition; moves in the transaction of the effect.
create table if not exists es.offsets (
    consumer    text   not null,
    topic       text   not null,
    partition   int    not null,
    next        bigint not null default 0,
    owner_epoch bigint not null default 0,
    owner       text,
    primary key (consumer, topic, partition)
);

-- The fingerprint of the last record taken, and its offset: a topic that was made anew has another there.
alter table es.offsets add column if not exists last bytea;

-- The last event seen of each foreign stream: finds duplicates and gaps.
create table if not exists es.cursors (
    consumer text   not null,
    source   text   not null,
    stream   text   not null,
    version  bigint not null,
    hash     bytea  not null,
    primary key (consumer, source, stream)
);

-- What could not be applied, and everything of the same household behind it, in order.
create table if not exists es.parked (
    id        bigint generated always as identity primary key,
    consumer  text        not null,
    key       text        not null,
    topic     text        not null,
    partition int         not null,
    "offset"  bigint      not null,
    headers   jsonb       not null,
    value     bytea,
    reason    text        not null,
    attempts  int         not null default 0,
    parked_at timestamptz not null default clock_timestamp(),
    announced bool        not null default false, -- copied to the parked topic
    unique (consumer, topic, partition, "offset")
);
create index if not exists parked_by_key on es.parked (consumer, key, id);
create index if not exists parked_unannounced on es.parked (id) where not announced;
