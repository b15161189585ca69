/** The payloads of the sync's tasks: those that read companies and enqueue, and those that send one record. */
import { z } from "zod";
import { holdsPassword } from "../../sources/parse-source.ts";
import { once } from "../../task/once.ts";

const codeSchema = once(() => z.int().positive().describe("codi_emp"));

export const readPayload = once(() =>
  z
    .strictObject({
      company: codeSchema().optional(),
      allEnabled: z.literal(true).optional().describe("instead of one company, all that are enabled"),
      source: z
        .string()
        .min(1)
        // Payloads are stored and shown.
        .refine((text) => !holdsPassword(text), {
          error: "holds a password: leave it out and set FISCAUT_SOURCE where the worker runs",
        })
        .optional()
        .describe(
          "csv:DIR, postgres://USER@HOST/DATABASE or odbc:DSN=NAME, as the worker's machine sees it; by default its FISCAUT_SOURCE",
        ),
      force: z.boolean().optional().describe("send what the API has already, too"),
      sendInvalid: z.boolean().optional().describe("send a CNPJ or CPF whose check digits are wrong, too"),
    })
    .refine(({ company, allEnabled }) => (company === undefined) !== (allEnabled === undefined), {
      error: "give either company or allEnabled: true",
    }),
);

export const sendPayload = once(() =>
  z.strictObject({
    company: codeSchema(),
    code: z.string().min(1).describe("the record's, as the source has it"),
  }),
);
