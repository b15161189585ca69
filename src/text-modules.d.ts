/** `import text from "./file.sql" with { type: "text" }` gives the file's text, also in the executable. */
declare module "*.sql" {
  const text: string;
  export default text;
}
