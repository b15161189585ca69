/**
 * Puts what was read into a table of the transaction's own, so that statements can compare it with what is known.
 * Comparing is `apply-reading.ts`'s work.
 */
import { inOtherChunks } from "../../task/in-chunks.ts";
import type { ReadRecord } from "../../task/sync/reading.ts";
import type { RecordKind } from "../../task/sync/record.ts";
import type { Sql } from "../sql.ts";

/** How many of a kind were skipped for one reason. */
export interface SkippedCount {
  kind: RecordKind;
  reason: string;
  count: number;
}

/** Large enough that round trips don't count, small enough that memory doesn't. */
const chunkSize = 1000;

/**
 * Makes the table `read_record`, which the transaction's end drops: of each kind one row a code. A row of a kind that
 * is not among `kinds` is left out.
 * @returns rows by kind, and those that have no row of their own in the table.
 */
export async function stageReading(
  sql: Sql,
  kinds: readonly RecordKind[],
  records: AsyncIterable<ReadRecord[]>,
): Promise<{ read: Map<RecordKind, number>; left: SkippedCount[] }> {
  await sql`
    create temporary table read_record (
      kind text collate "C" not null, code text collate "C" not null, position bigint not null, name text not null,
      identity text, content jsonb, content_hash text, skip_reason text collate "C", message text
    ) on commit drop`;
  const read = new Map<RecordKind, number>();
  let position = 0;
  for await (const chunk of inOtherChunks(records, { items: chunkSize })) {
    const rows = chunk.filter(({ kind }) => kinds.includes(kind));
    for (const { kind } of rows) read.set(kind, (read.get(kind) ?? 0) + 1);
    await insertRows(sql, rows, position);
    position += rows.length;
  }
  // The transaction's other statements join it: without figures each would be planned for a handful of rows.
  await sql`analyze read_record`;
  const left = await dropRepeatedCodes(sql);
  await skipDuplicates(sql);
  return { read, left };
}

function insertRows(sql: Sql, rows: ReadRecord[], position: number) {
  const contents = rows.map(({ content }) => (content === undefined ? null : JSON.stringify(content)));
  return sql`
    insert into read_record (kind, code, position, name, identity, content, content_hash, skip_reason, message)
    select kind, code, ${position}::bigint + n, name, identity, content::jsonb, content_hash, skip_reason, message
    from unnest(${rows.map(({ kind }) => kind)}::text[], ${rows.map(({ code }) => code)}::text[],
      ${rows.map(({ name }) => name)}::text[], ${rows.map(({ identity }) => identity ?? null)}::text[],
      ${contents}::text[], ${contents.map((content) => (content === null ? null : hash(content)))}::text[],
      ${rows.map(({ skip }) => skip?.reason ?? null)}::text[], ${rows.map(({ skip }) => skip?.words ?? null)}::text[]
    ) with ordinality as r (kind, code, name, identity, content, content_hash, skip_reason, message, n)`;
}

const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

/** A code is what a record is known by here: of several rows with the same the source's last one stands. */
function dropRepeatedCodes(sql: Sql) {
  return sql<SkippedCount[]>`
    with gone as (
      delete from read_record r using (
        select kind, code, max(position) as position from read_record group by kind, code having count(*) > 1
      ) as kept
      where r.kind = kept.kind and r.code = kept.code and r.position < kept.position
      returning r.kind, case when r.code = '' then r.skip_reason else 'same_code' end as reason
    )
    select kind, reason, count(*) as count from gone group by kind, reason`;
}

/**
 * The API keeps one record an identity: with two sent, the order of their tasks would decide which. The same one is
 * chosen each time, whatever order the source has.
 */
function skipDuplicates(sql: Sql) {
  return sql`
    update read_record r
    set content = null, content_hash = null, skip_reason = 'duplicate',
        message = r.kind || ' ' || r.code || ' ' || r.name || ': ' || sent.code || ' has the same CNPJ or CPF '
          || r.identity || ', and is sent in its place'
    from (
      select kind, identity, max(code) as code from read_record
      where content is not null group by kind, identity having count(*) > 1
    ) as sent
    where r.kind = sent.kind and r.identity = sent.identity and r.code <> sent.code and r.content is not null`;
}
