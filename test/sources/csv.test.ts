/** CSV exports as Domínio, Excel and people make them: what is read, and what is refused with which words. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSource } from "../../src/sources/parse-source.ts";
import { OperatorError } from "../../src/task/errors.ts";
import type { PartyRow } from "../../src/task/sync/row.ts";
import { readCompanies, readCompany, reading, readRecords, testSource } from "./reading.ts";
import { encodeWindows1252 } from "./windows-1252.ts";

const HEADER = "codi_emp,codi_for,cgce_for,nome_for,codi_cta";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fiscaut-tasks-csv-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function readSuppliers(content: string | Uint8Array, companyCode = 1): Promise<PartyRow[]> {
  await Bun.write(join(folder, "effornece.csv"), content);
  return await readRecords(parseSource(`csv:${folder}`), "supplier", companyCode);
}

async function readCompanyFrom(content: string | Uint8Array, code = 1) {
  await Bun.write(join(folder, "geempre.csv"), content);
  return await readCompany(parseSource(`csv:${folder}`), code);
}

/** Message and hint, with the folder's name taken out. */
async function faultOf(reading: Promise<unknown>): Promise<[string, string | undefined]> {
  const error = await reading.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof OperatorError)) throw new Error(`not an OperatorError: ${error}`);
  return [error.message.replaceAll(folder, "DIR").replaceAll("\\", "/"), error.hint];
}

const acai = { code: "00009", document: "71673990000177", name: "AÇAÍ NATURA", account: "20008" };

describe("the sample export", () => {
  const sample = parseSource(`csv:${join(import.meta.dir, "../../scripts/demo/data")}`);

  test("gives each company its rows, in order", async () => {
    const counts = new Map<number, number>();
    for (const code of [1, 2, 3, 4, 99]) {
      counts.set(code, (await readRecords(sample, "supplier", code)).length);
    }
    expect([...counts]).toEqual([
      [1, 1024],
      [2, 663],
      [3, 321],
      [4, 0],
      [99, 1],
    ]);
    const first = (await readRecords(sample, "supplier", 1))[0];
    expect(first).toEqual({
      code: "00001",
      document: "00000000000191",
      name: "BANCO DO BRASIL SA",
      account: "20000",
    });
  });

  test("finds a company, alphanumeric CNPJ and accents included, and tells of one that isn't there", async () => {
    expect(await readCompany(sample, 3)).toEqual({
      code: 3,
      document: "12ABC34501DE35",
      name: "EMPRESA ALFANUMÉRICA DE EXEMPLO LTDA",
    });
    expect(await readCompany(sample, 4)).toBeUndefined();
  });
});

describe("what is read", () => {
  const rows = `${HEADER}\n1,00009,71673990000177,AÇAÍ NATURA,20008\n`;
  const semicolons = rows.replaceAll(",", ";");

  test.each([
    ["commas and LF", rows],
    ["semicolons", semicolons],
    ["CRLF", rows.replaceAll("\n", "\r\n")],
    ["CR alone", rows.replaceAll("\n", "\r")],
    ["a CRLF header and LF rows", rows.replace("\n", "\r\n")],
    ["no line end at the end", rows.trimEnd()],
    ["a byte-order mark", `\ufeff${rows}`],
    ["a byte-order mark before a quoted header", `\ufeff${rows.replace("codi_emp", '"codi_emp"')}`],
    ["Windows-1252", encodeWindows1252(semicolons)],
    ["UTF-16 with its mark", Buffer.from(`\ufeff${semicolons}`, "utf16le")],
    ["quotes", rows.replaceAll(/[^,\n]+/g, '"$&"')],
    ["padded values", rows.replaceAll(/[^,\n]+/g, "  $&   ")],
    ["padded values in padded quotes", rows.replaceAll(/[^,\n]+/g, ' "  $&  " ')],
    ["an upper-case header", rows.replace(HEADER, HEADER.toUpperCase())],
    ["a header with schema and table", rows.replaceAll(/(codi|cgce|nome)_/g, "bethadba.effornece.$&")],
    ["blank lines and rows of nothing", `\n${rows.replace("\n", "\n\n   \n, ,,  ,\n")}\n\n`],
    [
      "other columns and another order",
      'x,codi_cta,nome_for,cgce_for,codi_for,codi_emp,y\n"a\nb",20008,AÇAÍ NATURA,71673990000177,00009,1,\n',
    ],
  ])("%s", async (_, content) => {
    expect(await readSuppliers(content)).toEqual([acai]);
  });

  test("the company's code is compared as a number", async () => {
    const rows = `${HEADER}\n001,A,1,X,\n 1 ,B,2,Y,\n10,C,3,Z,\n`;
    expect((await readSuppliers(rows)).map((row) => row.code)).toEqual(["A", "B"]);
    expect(await readCompanyFrom("codi_emp;cgce_emp;razao_emp\n0001; 33000167000101 ;\n")).toEqual({
      code: 1,
      document: "33000167000101",
      name: "",
    });
  });

  test("empty values stay empty, an empty account is none, delimiters and quotes in quotes are text", async () => {
    expect(await readSuppliers(`${HEADER}\n1,,,,\n1,"a,b","c;d","GRÁFICA ""A ECONÔMICA"" ME", \n`)).toEqual([
      { code: "", document: "", name: "", account: undefined },
      { code: "a,b", document: "c;d", name: 'GRÁFICA "A ECONÔMICA" ME', account: undefined },
    ]);
  });

  test("a header alone is a table without rows", async () => {
    expect(await readSuppliers(HEADER)).toEqual([]);
    expect(await readCompanyFrom("codi_emp,cgce_emp,razao_emp")).toBeUndefined();
  });

  test("Windows-1252 is seen though the first accent is in the last row, its own letters included", async () => {
    const plain = Array.from({ length: 20_000 }, (_, at) => `2;${at};11222333000181;SEM ACENTO;1`).join(
      "\r\n",
    );
    const text = `${HEADER.replaceAll(",", ";")}\r\n${plain}\r\n1;00009;71673990000177;“AÇAÍ” – R€;20008\r\n`;
    expect(await readSuppliers(encodeWindows1252(text))).toEqual([{ ...acai, name: "“AÇAÍ” – R€" }]);
  });

  test("UTF-8 characters and CRLF that straddle the file's chunks arrive whole", async () => {
    const names = Array.from({ length: 9_000 }, (_, at) => `${"Ç€".repeat(at % 7)}X`);
    const text = `${HEADER}\r\n${names.map((name, at) => `1,${at},1,${name},`).join("\r\n")}`;
    expect((await readSuppliers(text)).map((row) => row.name)).toEqual(names);
  });

  test("leaving the rows early is harmless", async () => {
    await readSuppliers(`${HEADER}\n${"1,A,1,X,\n".repeat(50_000)}`);
    await reading(parseSource(`csv:${folder}`), async (reader) => {
      for await (const row of reader.records("supplier", 1)) {
        expect(row.code).toBe("A");
        break;
      }
    });
  });
});

describe("what is refused", () => {
  const good = "1,00009,71673990000177,NATURA,20008\n";
  const rowHint = "correct it, or export the table again with its texts in quotes";

  test.each([
    [
      "too few values",
      `${good}1,00010,34028316000103\n${good}`,
      "line 3: 3 values, not as many as the header has columns",
    ],
    [
      "too many values",
      `${good}\n1,00010,3,CORREIOS, EBCT,1\n`,
      "lines 3 to 4: 6 values, not as many as the header has columns",
    ],
    [
      "a quote in the middle",
      `${good}1,00010,3,GRÁFICA "A" ME,1\n`,
      'line 3: a quote (") out of place: a value that holds one must be in quotes, and the quote doubled',
    ],
    [
      "text after a quote",
      `${good}1,00010,3,"GRÁFICA" ME,1\r\n`,
      'line 3: a quote (") out of place: a value that holds one must be in quotes, and the quote doubled',
    ],
    [
      "a quote never closed",
      `${good}1,00010,3,"CORREIOS,1\r\n${good}`,
      'lines 3 to 4: a quote (") that is not closed',
    ],
    [
      "a quote closed by a later row's",
      `${good}1,00010,3,"CORREIOS,1\r\n1,00011,3,EMBRAER",1\r\n`,
      'lines 3 to 4: a line break inside nome_for: a quote (") may not be closed',
    ],
  ])("%s, by its line", async (_, rows, fault) => {
    expect(await faultOf(readSuppliers(`${HEADER}\n${rows}`))).toEqual([
      `DIR/effornece.csv ${fault}`,
      rowHint,
    ]);
  });

  test("a quote never closed in a large file, without taking the file into memory", async () => {
    const [message] = await faultOf(readSuppliers(`${HEADER}\n${good}1,2,3,"X,\n${good.repeat(100_000)}`));
    expect(message).toMatch(
      /^DIR\/effornece.csv lines 3 to \d{4}: a row that does not end: a quote \("\) may not be closed$/,
    );
  });

  test("a company code that is no number, even of a row of another company", async () => {
    expect(await faultOf(readSuppliers(`${HEADER}\n${good},00010,3,X,1\n`))).toEqual([
      'DIR/effornece.csv line 3: codi_emp "" is not a number',
      "correct the row in the accounting database, or export the table again",
    ]);
  });

  test("a column that is missing, or there twice, by name", async () => {
    const hint =
      "a first line that names these columns once each: codi_emp, codi_for, cgce_for, nome_for, codi_cta";
    expect(await faultOf(readSuppliers("codi_emp,codi_for,nome_for,codi_cta\n1,2,3,4\n"))).toEqual([
      "DIR/effornece.csv has no column cgce_for",
      hint,
    ]);
    expect(await faultOf(readSuppliers(`${HEADER},NOME_FOR\n`))).toEqual([
      "DIR/effornece.csv has more than one column nome_for",
      hint,
    ]);
    expect(await faultOf(readSuppliers(""))).toEqual(["DIR/effornece.csv has no column codi_emp", hint]);
    expect((await faultOf(readCompanyFrom("codi_emp,razao_emp\n1,X\n")))[0]).toBe(
      "DIR/geempre.csv has no column cgce_emp",
    );
  });

  test("a file or folder that isn't there, by name", async () => {
    const hintFor = (file: string) =>
      `export that table of Domínio, or name the folder that holds ${file}: --source csv:DIR`;
    const nowhere = parseSource(`csv:${join(folder, "nowhere")}`);
    expect(await faultOf(readCompany(nowhere, 1))).toEqual([
      "DIR/nowhere/geempre.csv does not exist",
      hintFor("geempre.csv"),
    ]);
    expect(await faultOf(readRecords(nowhere, "accumulator", 1))).toEqual([
      "DIR/nowhere/efacumuladores.csv does not exist",
      hintFor("efacumuladores.csv"),
    ]);
    await Bun.write(join(folder, "file"), "");
    expect((await faultOf(readCompany(parseSource(`csv:${folder}/file`), 1)))[0]).toBe(
      "DIR/file/geempre.csv does not exist",
    );
  });

  test("a source of another kind, whose text isn't repeated", async () => {
    for (const text of ["", "csv", "csv:", "xlsx:a", "scripts/demo", "DSN=dominio;PWD=secret"]) {
      const opening = Promise.try(() => parseSource(text));
      expect(await faultOf(opening)).toEqual([
        "the source is not of a kind that can be read",
        "csv:DIR, where DIR holds geempre.csv and the other tables, postgres://USER@HOST/DATABASE, or odbc:DSN=NAME;UID=USER",
      ]);
    }
  });
});

describe("what a test of a folder tells", () => {
  test("how many rows each file has, and which is not there", async () => {
    const empty = await mkdtemp(join(tmpdir(), "fiscaut-tasks-csv-"));
    await Bun.write(join(empty, "geempre.csv"), "codi_emp,cgce_emp,razao_emp\n1,33000167000101,PETROBRAS\n");
    expect(await testSource(parseSource(`csv:${empty}`))).toEqual({
      driver: "CSV files",
      dbms: empty,
      tables: [
        { name: "geempre.csv", rows: 1 },
        { name: "ctcontas.csv", rows: null },
        { name: "efclientes.csv", rows: null },
        { name: "effornece.csv", rows: null },
        { name: "efacumuladores.csv", rows: null },
      ],
    });
    await rm(empty, { recursive: true });
  });

  test("the row that can't be read, before a sync comes to it", async () => {
    await Bun.write(join(folder, "geempre.csv"), "codi_emp,cgce_emp,razao_emp\n1,2,3\n");
    await Bun.write(join(folder, "effornece.csv"), `${HEADER}\n1,2,3,4,5\nx,2,3,4,5\n`);
    expect((await faultOf(testSource(parseSource(`csv:${folder}`))))[0]).toBe(
      'DIR/effornece.csv line 3: codi_emp "x" is not a number',
    );
  });

  test("the companies are those of geempre.csv, in its order", async () => {
    const sample = parseSource(`csv:${join(import.meta.dir, "../../scripts/demo/data")}`);
    expect((await readCompanies(sample)).map(({ code }) => code)).toEqual([1, 2, 3, 99]);
  });
});

describe("address", () => {
  test("opens the same folder from anywhere", () => {
    const source = parseSource(" csv:scripts/demo ");
    expect(source.address).toBe(`csv:${join(process.cwd(), "scripts", "demo")}`);
    expect(parseSource(source.address).address).toBe(source.address);
  });
});
