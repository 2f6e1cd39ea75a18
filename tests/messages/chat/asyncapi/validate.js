"use strict";
// Reads {file, cases: [{schema, body}]} from standard input. Writes what the parser of the AsyncAPI initiative says of
// the document, what is in it, and of each body whether its schema takes it.
const fs = require("fs");
const { Parser } = require("@asyncapi/parser");
const Ajv = require("ajv");
const yaml = require("js-yaml");

async function main() {
  const asked = JSON.parse(fs.readFileSync(0, "utf8"));
  const text = fs.readFileSync(asked.file, "utf8");
  const { document, diagnostics } = await new Parser().parse(text);
  const ids = (all) => all.map((each) => each.id()).sort();
  const told = {
    diagnostics: diagnostics.map(({ severity, path, message }) => ({ severity, where: path.join("/"), message })),
    operations: document ? ids(document.operations().all()) : [],
    channels: document ? ids(document.channels().all()) : [],
    verdicts: [],
  };
  // Formats are words for people here: the numbers of the contract are compared by their bounds.
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ components: yaml.load(text).components }, "contract");
  for (const { schema, body } of asked.cases)
    told.verdicts.push(ajv.getSchema("contract#/components/schemas/" + schema)(body));
  fs.writeSync(1, JSON.stringify(told));
}

main();
