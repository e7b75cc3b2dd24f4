// {schema, documents} on standard input; on standard output, for each document, what the schema has against it.
import { readFileSync } from "node:fs";
import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";

const { schema, documents } = JSON.parse(readFileSync(0, "utf8"));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
const judge = ajv.compile(schema);
const told = documents.map((document) =>
  judge(document) ? [] : judge.errors.map((error) => `${error.instancePath} ${error.message}`),
);
process.stdout.write(JSON.stringify(told));
